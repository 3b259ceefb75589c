import type { Order } from "../../../src/types.ts";
import { keyOf } from "./answers.ts";

// What a person who knows the formats alone would read; nothing of this is taken from the code under test.

/** Why a text is no valid submission; null when it is valid. */
export function faultOfSubmission(text: string, ids: readonly string[]): string | null {
  const lines = text.split("\n");
  if (lines.pop() !== "") return "the last line does not end";
  if (lines.shift()?.replace("\r", "") !== "id,winner_model_a,winner_model_b,winner_tie") return "the header is wrong";
  if (lines.length !== ids.length) return `${lines.length} rows of ${ids.length}`;
  for (const [row, line] of lines.entries()) {
    const [id, ...cells] = line.replace("\r", "").split(",");
    if (id !== ids[row]) return `row ${row} has the id ${id}`;
    if (cells.length !== 3 || !cells.every((cell) => /^0\.\d{6}$/.test(cell))) return `row ${row} is ${line}`;
    if (cells.reduce((sum, cell) => sum + Number(cell.slice(2)), 0) !== 1_000_000)
      return `row ${row} does not sum to 1`;
  }
  return null;
}

/** The probabilities of a valid submission. */
export function probabilitiesIn(text: string): readonly (readonly number[])[] {
  return text
    .split("\n")
    .slice(1, -1)
    .map((line) => line.split(",").slice(1).map(Number));
}

export interface JournalAnswer {
  readonly row: number;
  readonly order: Order;
  readonly logProbs: readonly number[];
  readonly attempts: number;
}

/** What a journal says. */
export interface JournalContent {
  /** The first answer of each row and order. */
  readonly answers: ReadonlyMap<string, JournalAnswer>;
  /** Number of failed requests that included the row, by row and order. */
  readonly failures: ReadonlyMap<string, number>;
  /** Number of answers since the last session began. */
  readonly lastSession: number;
  readonly faults: readonly string[];
}

/** Reads the whole lines of a journal. Faults are lines that are no JSON, and rows that were answered twice in an order. */
export function readJournalText(text: string): JournalContent {
  const answers = new Map<string, JournalAnswer>();
  const failures = new Map<string, number>();
  const faults: string[] = [];
  let lastSession = 0;
  const lines = text.split("\n");
  lines.pop();
  for (const [index, line] of lines.entries()) {
    let event: Record<string, unknown>;
    try {
      event = JSON.parse(line) as Record<string, unknown>;
    } catch {
      faults.push(`line ${index + 1} of the journal is no JSON: ${JSON.stringify(line.slice(0, 60))}`);
      continue;
    }
    if (event["event"] === "session-start") lastSession = 0;
    if (event["event"] === "failed" && event["request"] !== null) {
      for (const row of event["rows"] as number[]) {
        const key = keyOf(row, event["order"] as Order);
        failures.set(key, (failures.get(key) ?? 0) + 1);
      }
    }
    if (event["event"] !== "row") continue;
    lastSession += 1;
    const answer = event as unknown as JournalAnswer;
    const key = keyOf(answer.row, answer.order);
    const before = answers.get(key);
    if (before === undefined) answers.set(key, answer);
    else faults.push(`row ${key} was answered twice: ${before.logProbs} and ${answer.logProbs}`);
  }
  return { answers, failures, lastSession, faults };
}

/** The probabilities of a row with these readings, as the documents define them: softmax, the mean of both orders, clipping. */
export function expectedOf(ab: readonly number[] | null, ba: readonly number[] | null): readonly number[] {
  const shares = (logProbs: readonly number[]): number[] => {
    const odds = logProbs.map(Math.exp);
    const sum = odds.reduce((total, value) => total + value, 0);
    return odds.map((value) => value / sum);
  };
  const parts: number[][] = [];
  if (ab !== null) parts.push(shares(ab));
  if (ba !== null) {
    const [a = 0, b = 0, tie = 0] = shares(ba);
    parts.push([b, a, tie]);
  }
  const mean = [0, 1, 2].map((label) => parts.reduce((sum, part) => sum + (part[label] ?? 0), 0) / parts.length);
  const clipped = mean.map((value) => Math.min(0.99, Math.max(0.005, value)));
  const sum = clipped.reduce((total, value) => total + value, 0);
  return clipped.map((value) => value / sum);
}

/** The probabilities of a row of two judges with these readings of one of them: the mean of the log probabilities, clipping. */
export function expectedOfTwo(ab: readonly number[] | null, ba: readonly number[] | null): readonly number[] {
  const one = (logProbs: readonly number[] | null): number[] =>
    logProbs === null
      ? [0, 0, 0]
      : logProbs.map((value) => value - Math.log(logProbs.reduce((s, x) => s + Math.exp(x), 0)));
  const first = one(ab);
  const [b = 0, a = 0, tie = 0] = one(ba);
  const count = (ab === null ? 0 : 1) + (ba === null ? 0 : 1);
  const mean = [a, b, tie].map((value, at) => ((first[at] ?? 0) + value) / count);
  return expectedOf(mean, null);
}

export function isNear(one: readonly number[], other: readonly number[]): boolean {
  return one.every((value, index) => Math.abs(value - (other[index] ?? Number.NaN)) < 3e-6);
}
