import type { Turn } from "../types.ts";
import { fingerprint } from "./cell.ts";
import type { RowTurns } from "./row-texts.ts";

/**
 * Every kind of anomaly of a row, with its meaning. A row with an anomaly is read without loss, but a person should
 * know about it.
 */
export const ANOMALY_MEANINGS = {
  nullTurn: "a turn is null",
  noTurns: "a cell is an empty list",
  emptyPrompt: "the prompt has no text",
  emptyResponse: "a response has no text",
  loneSurrogate: "a text holds half of a surrogate pair, which UTF-8 cannot write",
  largeId: "the id is a number above 2147483647, too large for 32 bits",
  duplicateRow: "prompt and responses are those of an earlier row",
  identicalResponses: "both responses are the same",
  unequalTurns: "prompt and responses have different numbers of turns",
  severalTurns: "the conversation has several turns",
  plainText: "a cell is plain text, not a JSON list",
  brokenList: "a cell begins like a JSON list but is none of strings and nulls, and is taken as plain text",
  pythonList: "a cell is a list as Python or numpy prints it, and is taken as plain text",
} as const satisfies Record<string, string>;

export type AnomalyKind = keyof typeof ANOMALY_MEANINGS;

/** The rows that have one kind of anomaly. */
export interface Anomaly {
  readonly count: number;
  /** The lines in which the first of these rows begin, at most 5. */
  readonly lines: readonly number[];
}

export type Anomalies = Readonly<Record<AnomalyKind, Anomaly>>;

/** The texts of one row, and the line in which it begins. */
export interface ObservedRow {
  readonly line: number;
  readonly id: string;
  readonly turns: RowTurns;
}

const LISTED = 5;

/** Counts the anomalies of rows in one pass. Keeps a fingerprint of each row in memory, but no text. */
export function createAnomalyCounter(): { add: (row: ObservedRow) => void; list: () => Anomalies } {
  const seen = new Set<string>();
  const counted = Object.fromEntries(
    Object.keys(ANOMALY_MEANINGS).map((kind): [string, Counted] => [kind, { count: 0, lines: [] }]),
  ) as Record<AnomalyKind, Counted>;
  return {
    add: (row) => {
      for (const kind of anomaliesOf(row, seen)) {
        const anomaly = counted[kind];
        anomaly.count += 1;
        if (anomaly.lines.length < LISTED) anomaly.lines.push(row.line);
      }
    },
    list: () => counted,
  };
}

interface Counted {
  count: number;
  readonly lines: number[];
}

function anomaliesOf({ id, turns: row }: ObservedRow, seen: Set<string>): readonly AnomalyKind[] {
  const { prompts, responsesA, responsesB, forms } = row;
  const lists = [prompts, responsesA, responsesB];
  const turns = lists.flat();
  const whole = fingerprint(lists.map(fingerprint));
  const found: Readonly<Record<AnomalyKind, boolean>> = {
    nullTurn: turns.includes(null),
    noTurns: lists.some((list) => list.length === 0),
    emptyPrompt: isEmpty(prompts),
    emptyResponse: isEmpty(responsesA) || isEmpty(responsesB),
    loneSurrogate: turns.some((turn) => turn !== null && !turn.isWellFormed()),
    largeId: /^\d{10,}$/.test(id) && Number(id) > 0x7fffffff,
    duplicateRow: seen.has(whole),
    identicalResponses: isSame(responsesA, responsesB),
    unequalTurns: lists.some((list) => list.length !== prompts.length),
    severalTurns: lists.some((list) => list.length > 1),
    plainText: forms.includes("text"),
    brokenList: forms.includes("broken-list"),
    pythonList: forms.includes("python-list"),
  };
  seen.add(whole);
  return (Object.keys(found) as AnomalyKind[]).filter((kind) => found[kind]);
}

function isEmpty(turns: readonly Turn[]): boolean {
  return turns.every((turn) => turn === null || turn.trim() === "");
}

function isSame(left: readonly Turn[], right: readonly Turn[]): boolean {
  return left.length === right.length && left.every((turn, index) => turn === right[index]);
}
