import { existsSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { expect } from "vitest";
import { until } from "./processes.ts";

/** One row of a submission, as text. */
export interface Submitted {
  readonly id: string;
  readonly winner_model_a: string;
  readonly winner_model_b: string;
  readonly winner_tie: string;
}

/** What rows.jsonl says about a row. */
export interface RowLine {
  readonly id: string;
  readonly probabilities: readonly [number, number, number];
  readonly obtained: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly ab: {
    readonly logProbs: readonly (number | null)[];
    readonly mass: number | null;
    readonly cutTokens: number;
    readonly otherDate?: boolean;
  } | null;
  readonly ba: {
    readonly logProbs: readonly (number | null)[];
    readonly mass: number | null;
    readonly cutTokens: number;
    readonly otherDate?: boolean;
  } | null;
  readonly second?: {
    readonly ab: { readonly logProbs: readonly (number | null)[] } | null;
    readonly ba: { readonly logProbs: readonly (number | null)[] } | null;
  };
}

/** Reads a submission and checks what the grader checks; written anew here, not taken from the code under test. */
export function expectValid(file: string, ids: readonly string[]): readonly Submitted[] {
  const rows = parse(readFileSync(file, "utf8"), { columns: true }) as Submitted[];
  expect(rows.map(({ id }) => id)).toEqual(ids);
  for (const row of rows) {
    const digits = [row.winner_model_a, row.winner_model_b, row.winner_tie];
    for (const text of digits) expect(text).toMatch(/^0\.\d{6}$/);
    // In millionths the sum is exact.
    expect(digits.reduce((sum, text) => sum + Number(text.slice(2)), 0)).toBe(1_000_000);
  }
  return rows;
}

/** Reads rows.jsonl. */
export function readLines(file: string): readonly RowLine[] {
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => JSON.parse(line) as RowLine);
}

/** The columns of rows.jsonl that must not depend on how often a run was interrupted. */
export function answersIn(file: string): readonly string[] {
  return readLines(file).map(({ id, probabilities, obtained, ab, ba }) =>
    JSON.stringify({ id, probabilities, obtained, ab, ba }),
  );
}

/** Reads a run's summary.json. */
export function summaryIn(folder: string): Record<string, never> & SummaryFile {
  return JSON.parse(readFileSync(`${folder}/run/summary.json`, "utf8"));
}

interface SummaryFile {
  readonly end: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly marks: Readonly<Record<string, number>>;
  readonly session: Readonly<Record<string, number>>;
}

/** Counts the answers in a journal, as far as its lines are whole; 0 when there is none. */
export function answeredInJournal(file: string): number {
  if (!existsSync(file)) return 0;
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.filter((line) => (JSON.parse(line) as { event: string }).event === "row").length;
}

/** Waits until a run has so many answers in its journal: on a busy machine a start alone may take half a minute. */
export function answered({ journal }: { readonly journal: string }, rows: number): Promise<void> {
  return until(`${rows} rows are answered`, () => answeredInJournal(journal) >= rows, 90_000);
}
