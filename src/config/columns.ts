import { z } from "zod";
import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import { describeIssues, refuse } from "./problems.ts";
import { columnsSchema } from "./schema.ts";

/** The names of columns as a person writes them. */
export type WrittenColumns = z.output<typeof columnsSchema>;

const onlyColumns = z.strictObject({ columns: columnsSchema.optional() });

/**
 * Checks what flags set, where only names of columns may be set. Throws AbtieError("config") that lists every problem; `source`
 * names the flag.
 */
export function readColumns(set: unknown, source: string): WrittenColumns {
  const parsed = onlyColumns.safeParse(set, { reportInput: true });
  if (parsed.success) return parsed.data.columns ?? {};
  const place = { source, position: null };
  throw refuse(describeIssues(parsed.error.issues, onlyColumns).map((objection) => ({ ...objection, place })));
}

/** Gives the columns that are read: those that are written, and for each other one that of `base`. */
export function namedColumns(written: WrittenColumns, base: Columns = DEFAULT_COLUMNS): Columns {
  const [a, b, tie] = base.labels;
  return {
    id: written.id ?? base.id,
    prompt: written.prompt ?? base.prompt,
    responseA: written.response_a ?? base.responseA,
    responseB: written.response_b ?? base.responseB,
    labels: [written.winner_a ?? a, written.winner_b ?? b, written.winner_tie ?? tie],
    votes: written.votes ?? base.votes,
    label: written.label ?? base.label,
    // The codes of one column say nothing of another.
    codes: written.codes ?? (written.label === undefined || written.label === base.label ? base.codes : null),
  };
}

/**
 * Keeps of the columns of one file those that another file with these names has too; the others have their usual names. Weights
 * stay together, and codes stay with their column.
 */
export function columnsPresent(columns: Columns, names: readonly string[]): Columns {
  const keep = (key: "id" | "prompt" | "responseA" | "responseB" | "votes"): string =>
    names.includes(columns[key]) ? columns[key] : DEFAULT_COLUMNS[key];
  const hasLabel = columns.label !== null && names.includes(columns.label);
  return {
    id: keep("id"),
    prompt: keep("prompt"),
    responseA: keep("responseA"),
    responseB: keep("responseB"),
    labels: columns.labels.some((name) => names.includes(name)) ? columns.labels : DEFAULT_COLUMNS.labels,
    votes: keep("votes"),
    label: hasLabel ? columns.label : null,
    codes: hasLabel ? columns.codes : null,
  };
}

/** Writes columns as a config names them. */
export function writtenColumns(columns: Partial<Columns>): WrittenColumns {
  const { id, prompt, responseA, responseB, labels, votes, label, codes } = columns;
  const [winner_a, winner_b, winner_tie] = labels ?? [];
  const all = {
    id,
    prompt,
    response_a: responseA,
    response_b: responseB,
    winner_a,
    winner_b,
    winner_tie,
    votes,
    label: label ?? undefined,
    codes: codes ?? undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, name]) => name !== undefined));
}
