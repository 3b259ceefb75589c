import type { Baseline, ReportData, Timing } from "../data/run-data.ts";
import { count, counted, duration, fixed, range } from "./number.ts";

/** What to think of a run, in one sentence, and how good that is. */
export interface Verdict {
  readonly tone: "good" | "mixed" | "bad";
  readonly sentence: string;
  /** Further sentences that matter before the numbers. */
  readonly also: readonly string[];
}

interface Part {
  readonly tone: Verdict["tone"];
  readonly sentence: string;
}

/** Judges a run: are all rows answered, was it in time, are the probabilities better than guessing the class prior. */
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
  const prior = rows.filter(({ obtained }) => obtained === "prior").length;
  if (rows.length === 0) return { tone: "bad", sentence: "There are no rows" };
  if (prior === 0)
    return {
      tone: "good",
      sentence: rows.length === 1 ? "The one row is answered" : `All ${counted(rows.length, "row")} are answered`,
    };
  const sentence = `${count(rows.length - prior)} of ${count(rows.length)} rows are answered and ${count(prior)} hold the prior`;
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
  return [best ? against(best, text) : { tone: "good", sentence: text }];
}

/** Rows that are hard for the one are hard for the other: the difference is known better than either. */
function against({ name, logLoss: guess, gain }: Baseline, text: string): Part {
  const compared = `the ${name} (${fixed(guess, 3)})`;
  const { value, low, high } = gain;
  const by = (sign: 1 | -1): string => {
    const nats = (difference: number): string => fixed(sign * difference, 3);
    const ends = sign === 1 ? range(gain, nats) : range({ value, low: high, high: low }, nats);
    return `by ${nats(value)}${ends && ` (95\u00a0% ${ends})`}`;
  };
  if (low !== null && low > 0) return { tone: "good", sentence: `${text}, better than ${compared} ${by(1)}` };
  if (high !== null && high < 0)
    return { tone: "bad", sentence: `${text}, worse than ${compared} ${by(-1)}: calibrate before use` };
  const ahead = value >= 0 ? `better ${by(1)}` : `worse ${by(-1)}`;
  return { tone: "mixed", sentence: `${text}, not told apart from ${compared}: ${ahead}` };
}
