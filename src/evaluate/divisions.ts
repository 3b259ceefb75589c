import { formatCount } from "../format.ts";
import { quantiles } from "../numbers/quantile.ts";
import type { RunRows } from "../runfolder/rows-file.ts";
import type { Obtained } from "../types.ts";
import type { RowTexts } from "./row-texts.ts";

/** One way to divide rows into parts. */
export interface Division {
  readonly name: string;
  /** Returns the part to which a row belongs; null when it belongs to none. */
  readonly keyOf: (row: number) => string | null;
  /** The keys of all parts, in the order of the table. */
  readonly keys: readonly string[];
}

const OBTAINED: Readonly<Record<Obtained, string>> = {
  "second-judge-both-orders": "second judge, both orders",
  "second-judge-one-order": "second judge, one order",
  "both-orders": "both orders",
  "one-order": "one order",
  "one-order-short": "one order, shorter context",
  prior: "prior",
};

/** What is known of judged rows, by which they are divided. */
export interface Dividing {
  /** Null: the file with the labels has no texts, and nothing is divided by them. */
  readonly texts: RowTexts | null;
  readonly tags: readonly (string | null)[] | null;
  /** Null for a submission. */
  readonly run: RunRows | null;
}

/**
 * Lists the ways to divide judged rows into parts: by length, number of turns and script, and by the tag of their labels
 * when there are tags. The rows of a run are also divided by shortening and by the source of their probabilities.
 */
export function divisionsOf({ texts, tags, run }: Dividing): readonly Division[] {
  return [
    ...(run === null ? [] : [byLength("Length in tokens", run.fullTokens)]),
    ...(run === null && texts !== null ? [byLength("Length in characters", texts.characters)] : []),
    ...(texts === null ? [] : byTexts(texts)),
    ...(tags === null ? [] : [byTag(tags)]),
    ...(run === null ? [] : byAnswers(run)),
  ];
}

function byTexts({ turns, scripts }: RowTexts): readonly Division[] {
  return [
    { name: "Turns", keyOf: (row) => turnsKey(turns[row] ?? 0), keys: TURNS },
    { name: "Script", keyOf: (row) => scripts[row] ?? null, keys: byCount(scripts) },
  ];
}

function byAnswers({ tokens, cutTokens, obtained }: RunRows): readonly Division[] {
  return [
    {
      name: "Shortened",
      keyOf: (row) => (tokens[row] === 0 ? null : (cutTokens[row] ?? 0) > 0 ? "shortened" : "whole"),
      keys: ["whole", "shortened"],
    },
    {
      name: "Source",
      keyOf: (row) => OBTAINED[obtained[row] ?? "prior"],
      keys: Object.values(OBTAINED),
    },
  ];
}

function byTag(tags: readonly (string | null)[]): Division {
  const keys = [...new Set(tags.filter((tag) => tag !== null))];
  return { name: "Tag of the labels", keyOf: (row) => tags[row] ?? NO_TAG, keys: [...keys, NO_TAG] };
}

const NO_TAG = "no tag";

/**
 * Divides rows at the quartiles of their lengths. A row of length 0 belongs to no part, because its length is unknown.
 */
function byLength(name: string, lengths: Uint32Array): Division {
  const known = Float64Array.from(lengths.filter((length) => length > 0));
  const edges = known.length === 0 ? [] : [...new Set(quantiles(known, [0.25, 0.5, 0.75]).map(Math.floor))];
  const keys = [
    ...edges.map((edge, part) => {
      if (part === 0) return `up to ${formatCount(edge)}`;
      const least = (edges[part - 1] ?? 0) + 1;
      return least === edge ? formatCount(edge) : `${formatCount(least)} to ${formatCount(edge)}`;
    }),
    `over ${formatCount(edges.at(-1) ?? 0)}`,
  ];
  return {
    name,
    keyOf: (row) => {
      const length = lengths[row] ?? 0;
      return length === 0 ? null : (keys[edges.filter((edge) => edge < length).length] ?? null);
    },
    keys,
  };
}

const TURNS = ["no turn", "1", "2 to 3", "4 or more"] as const;

function turnsKey(turns: number): string {
  if (turns === 0) return TURNS[0];
  if (turns === 1) return TURNS[1];
  return turns <= 3 ? TURNS[2] : TURNS[3];
}

function byCount(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
}
