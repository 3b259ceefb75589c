import type { Timing } from "../../runfolder/timeline/timeline.ts";
import type { Baseline, ReportData } from "../data/run-data.ts";
import { count, counted, duration, fixed, withRange } from "./number.ts";

/** A statement about a run or a comparison in one sentence, and whether it is good news. */
export interface Verdict {
  readonly tone: "good" | "mixed" | "bad";
  readonly sentence: string;
  /** Further sentences that the reader should see before the numbers. */
  readonly also: readonly string[];
}

type Part = Pick<Verdict, "tone" | "sentence">;

/**
 * States the result of a run: whether all rows are answered, whether it ended in time, and whether the probabilities
 * are better than the class prior.
 */
export function runVerdict(data: ReportData): Verdict {
  const parts = [answered(data), ...(data.timing ? inTime(data.timing) : []), ...usefulness(data)];
  const tone = parts.some((part) => part.tone === "bad")
    ? "bad"
    : parts.some((part) => part.tone === "mixed")
      ? "mixed"
      : "good";
  const [first, ...rest] = parts.map((part) => part.sentence);
  const last = rest.pop();
  const sentence = last === undefined ? `${first}.` : `${[first, ...rest].join(", ")}, and ${last}.`;
  return { tone, sentence, also: [] };
}

function answered({ rows }: ReportData): Part {
  const prior = rows.filter(({ source }) => source === "prior").length;
  if (rows.length === 0) return { tone: "bad", sentence: "There are no rows" };
  if (prior === 0)
    return {
      tone: "good",
      sentence: rows.length === 1 ? "The one row is answered" : `All ${counted(rows.length, "row")} are answered`,
    };
  const sentence = `${count(rows.length - prior)} of ${count(rows.length)} rows are answered and ${count(prior)} hold the fallback`;
  return { tone: prior > rows.length / 10 ? "bad" : "mixed", sentence };
}

function inTime({ wallMs, deadlineMs }: Timing): Part[] {
  if (deadlineMs === null) return [{ tone: "good", sentence: `the run took ${duration(wallMs)}` }];
  const spare = deadlineMs - wallMs;
  return spare >= 0
    ? [{ tone: "good", sentence: `the run ended ${duration(spare)} before its deadline` }]
    : [{ tone: "bad", sentence: `the run ended ${duration(-spare)} after its deadline` }];
}

function usefulness({ quality }: ReportData): Part[] {
  const scores = quality?.scores[0];
  if (!quality || !scores) return [];
  const [best] = [...quality.baselines].sort((one, other) => one.logLoss - other.logLoss);
  const text = `the log loss is ${fixed(scores.logLoss.value, 3)}`;
  if (best === undefined) return [{ tone: "good", sentence: text }];
  const { tone, sentence } = againstBaseline(best);
  return [{ tone, sentence: `${text}, ${sentence}` }];
}

/**
 * Compares the probabilities with a baseline, for example "better than the class prior (1.097) by 0.117 (95 % 0.107 to
 * 0.127)". The interval is that of the difference, because rows that are hard for the judge are also hard for the
 * baseline.
 */
export function againstBaseline({ name, logLoss, gain }: Baseline): Part {
  const than = `the ${name} (${fixed(logLoss, 3)})`;
  const nats = (value: number): string => fixed(value, 3);
  const { value, low, high } = gain;
  const loss = { value: -value, low: high === null ? null : -high, high: low === null ? null : -low };
  const [better, worse] = [`by ${withRange(gain, nats, 95)}`, `by ${withRange(loss, nats, 95)}`];
  if (low !== null && low > 0) return { tone: "good", sentence: `better than ${than} ${better}` };
  if (high !== null && high < 0) return { tone: "bad", sentence: `worse than ${than} ${worse}: calibrate before use` };
  const ahead = value >= 0 ? `better ${better}` : `worse ${worse}`;
  return { tone: "mixed", sentence: `not distinguishable from ${than}: ${ahead}` };
}
