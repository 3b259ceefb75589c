import { z } from "zod";
import type { Readings } from "../calibrate/readings.ts";
import { type ClassMatrix, matrixOf, pickRows } from "../class-matrix.ts";
import { perClass } from "../classes.ts";
import { AbtieError } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { Disk } from "../files/disk.ts";
import { parseJson, readLines } from "../files/json-lines.ts";
import { schemaProblems } from "../files/schema-problem.ts";
import type { Classes, Obtained, Order, PerClass } from "../types.ts";
import { logProbsSchema, massSchema } from "./journal/event-schemas.ts";

/** The answer for one row in one order. */
export interface RowReading {
  /** Log probabilities (nats) of the classes in the order shown; -Infinity is written as null. */
  readonly logProbs: PerClass;
  readonly mass: number | null;
  readonly bounded: boolean;
  /** Prompt tokens that were sent, and tokens that were cut so that the prompt fits. */
  readonly tokens: number;
  readonly cutTokens: number;
  readonly neutralised: number;
  /** True when the prompt was made with the shorter context. */
  readonly short: boolean;
  /** True when the server's chat template printed another date than in the first row of the run; absent otherwise. */
  readonly otherDate?: boolean | undefined;
}

/** One line of rows.jsonl: the probabilities of a row and their source. */
export interface RowRecord {
  readonly id: string;
  /** Probabilities in the order of the file, as judged; the submission contains them clipped. */
  readonly probabilities: PerClass;
  readonly obtained: Obtained;
  /**
   * Why the row has no answer (its failure), or how the mass policy changed its answer (the note of the policy); null
   * when neither happened.
   */
  readonly reason: string | null;
  /** The side to which the better answer of the file was dealt; absent when the file itself has sides A and B. */
  readonly chosen?: "a" | "b" | undefined;
  /** Number of requests that included the row, in both orders and in all sessions, including failed requests. */
  readonly attempts: number;
  readonly ab: RowReading | null;
  readonly ba: RowReading | null;
  /** The answers of the second of two judges; absent in a run with one. */
  readonly second?: { readonly ab: RowReading | null; readonly ba: RowReading | null } | undefined;
}

const numbersByClass = z.union([z.tuple([z.number(), z.number(), z.number()]), z.tuple([z.number(), z.number()])]);
const count = z.int().nonnegative();

const readingSchema: z.ZodType<RowReading> = z.strictObject({
  logProbs: logProbsSchema,
  mass: massSchema,
  bounded: z.boolean(),
  tokens: count,
  cutTokens: count,
  neutralised: count,
  short: z.boolean(),
  otherDate: z.boolean().optional(),
});

/** The schema of one parsed line of rows.jsonl. */
const rowRecordSchema: z.ZodType<RowRecord> = z.strictObject({
  id: z.string(),
  probabilities: numbersByClass,
  obtained: z.enum([
    "second-judge-both-orders",
    "second-judge-one-order",
    "both-orders",
    "one-order",
    "one-order-short",
    "prior",
  ]),
  reason: z.string().nullable(),
  chosen: z.enum(["a", "b"]).optional(),
  attempts: count,
  ab: readingSchema.nullable(),
  ba: readingSchema.nullable(),
  second: z.strictObject({ ab: readingSchema.nullable(), ba: readingSchema.nullable() }).optional(),
});

/**
 * Replaces rows.jsonl in one step, with one line for each row. Throws AbtieError("data") when the file cannot be
 * written.
 */
export async function writeRows(
  path: string,
  rows: Iterable<RowRecord> | AsyncIterable<RowRecord>,
  disk?: Disk,
): Promise<void> {
  await writeAtomic(path, linesOf(rows), disk, "owner");
}

/** Reads rows.jsonl row by row. Throws AbtieError("data") with file and line when a line is not a row. */
export async function* readRows(path: string): AsyncGenerator<RowRecord> {
  for await (const { text, number, whole } of readLines(path)) {
    const result = rowRecordSchema.safeParse(parseJson(text));
    if (!result.success || !whole) {
      throw new AbtieError(
        "data",
        `${path}, line ${number}: expected the record of a row. The file was damaged or edited: run \`abtie run\` again to write it anew.`,
        { details: result.success ? ["the line does not end"] : schemaProblems(result.error.issues) },
      );
    }
    yield result.data;
  }
}

async function* linesOf(rows: Iterable<RowRecord> | AsyncIterable<RowRecord>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** The rows of a run as columns; every column is in the order of the run's input. */
export interface RunRows {
  readonly ids: readonly string[];
  /** Probabilities as judged. The submission contains them clipped. */
  readonly probabilities: ClassMatrix;
  readonly obtained: readonly Obtained[];
  /**
   * Why the row has no answer (its failure), or how the mass policy changed its answer (the note of the policy); null
   * when neither happened.
   */
  readonly reasons: readonly (string | null)[];
  /** Log probabilities (nats) by order, in the order shown; NaN for a row that was not answered in that order. */
  readonly readings: Readings;
  /** The same of the second of two judges, from the same moment; null in a run with one. */
  readonly second: Readings | null;
  /** Label mass of the row's first reading; NaN when unknown. */
  readonly mass: Float64Array;
  /** Prompt tokens of the row's readings, the sum over both orders; 0 when the row has no reading. */
  readonly tokens: Uint32Array;
  /** Tokens that were cut from the prompt of the row's first reading so that it fits. */
  readonly cutTokens: Uint32Array;
  /** Prompt tokens that the row's first reading would have had if none had been cut; 0 when the row has no reading. */
  readonly fullTokens: Uint32Array;
}

/**
 * Reads rows.jsonl of a judge with these classes into columns. Throws AbtieError("data") when the file cannot be read,
 * when a line is not a row, or when a row has other classes.
 */
export async function readRunRows(path: string, classes: Classes): Promise<RunRows> {
  const records: RowRecord[] = [];
  for await (const record of readRows(path)) {
    const answers = [record.ab, record.ba, record.second?.ab, record.second?.ba];
    const found = [record.probabilities, ...answers.map((answer) => answer?.logProbs)];
    if (found.some((numbers) => numbers !== undefined && numbers.length !== classes.length)) {
      throw new AbtieError(
        "data",
        `${path}: row ${JSON.stringify(record.id)} has other classes than the judge of the run (${classes.join(", ")}): ` +
          "run `abtie run` again to write the file anew.",
      );
    }
    records.push(record);
  }
  return columnsOf(records, classes);
}

/** Turns the records of a judge with these classes into columns. */
export function columnsOf(records: readonly RowRecord[], classes: Classes): RunRows {
  const first = records.map(({ ab, ba }) => ab ?? ba);
  return {
    ids: records.map(({ id }) => id),
    probabilities: matrixOf(
      classes,
      records.map(({ probabilities }) => probabilities),
    ),
    obtained: records.map(({ obtained }) => obtained),
    reasons: records.map(({ reason }) => reason),
    readings: readingsOf(records, classes),
    second: records.some(({ second }) => second !== undefined)
      ? readingsOf(
          records.map(({ second = { ab: null, ba: null } }) => second),
          classes,
        )
      : null,
    mass: Float64Array.from(first, (reading) => reading?.mass ?? Number.NaN),
    tokens: Uint32Array.from(records, ({ ab, ba }) => (ab?.tokens ?? 0) + (ba?.tokens ?? 0)),
    cutTokens: Uint32Array.from(first, (reading) => reading?.cutTokens ?? 0),
    fullTokens: Uint32Array.from(first, (reading) => (reading?.tokens ?? 0) + (reading?.cutTokens ?? 0)),
  };
}

function readingsOf(answers: readonly Pick<RowRecord, Order>[], classes: Classes): Readings {
  const unread = perClass(classes, () => Number.NaN);
  const of = (order: Order): ClassMatrix =>
    matrixOf(
      classes,
      answers.map((answer) => answer[order]?.logProbs ?? unread),
    );
  return { ab: of("ab"), ba: of("ba") };
}

/** Copies some rows, in the order given. */
export function takeRunRows(all: RunRows, rows: Uint32Array): RunRows {
  const list = <T>(values: readonly T[]): T[] => [...rows].flatMap((row) => values.slice(row, row + 1));
  const pick = ({ ab, ba }: Readings): Readings => ({ ab: pickRows(ab, rows), ba: pickRows(ba, rows) });
  return {
    ids: list(all.ids),
    probabilities: pickRows(all.probabilities, rows),
    obtained: list(all.obtained),
    reasons: list(all.reasons),
    readings: pick(all.readings),
    second: all.second === null ? null : pick(all.second),
    mass: Float64Array.from(rows, (row) => all.mass[row] ?? Number.NaN),
    tokens: rows.map((row) => all.tokens[row] ?? 0),
    cutTokens: rows.map((row) => all.cutTokens[row] ?? 0),
    fullTokens: rows.map((row) => all.fullTokens[row] ?? 0),
  };
}
