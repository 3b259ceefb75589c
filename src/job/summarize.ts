import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { toDigits } from "../dataset/submission/digits.ts";
import { type Pair, summarizePairs } from "../deadline/pairs.ts";
import type { Aggregate, RowOutcome } from "../judge/outcome.ts";
import { hits } from "../metrics/accuracy.ts";
import { classPrior, repeatTriple } from "../metrics/class-prior.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { quantiles } from "../numbers/quantile.ts";
import { mean } from "../numbers/sums.ts";
import type { Usage } from "../pool/usage.ts";
import type { RunState } from "../runfolder/state/run-state.ts";
import type { Obtained } from "../types.ts";
import { answersOf } from "./answers.ts";
import type { SessionCounts } from "./recorder.ts";
import type { RunEnd, RunSummary } from "./summary.ts";

export interface SummaryInput {
  readonly config: Config;
  readonly dataset: Dataset;
  readonly state: RunState;
  readonly judge: Aggregate;
  readonly outcome: (row: number) => RowOutcome;
  readonly tally: SessionCounts;
  readonly resumedRows: number;
  readonly calibration: RunSummary["calibration"];
  readonly engine: {
    readonly version: string | null;
    readonly method: string | null;
    readonly logFile?: string | null;
  } | null;
  readonly end: RunEnd;
  readonly files: Omit<RunSummary["files"], "serverLog">;
  readonly seconds: RunSummary["seconds"];
  readonly usage: Usage | null;
  readonly forecasts: RunSummary["forecasts"];
}

/** Counts what became of every row at the end of a run. */
export function summarize(input: SummaryInput): RunSummary {
  const { config, dataset, state, engine } = input;
  const rows: Record<Obtained, number> = { "both-orders": 0, "one-order": 0, "one-order-short": 0, prior: 0 };
  const reasons: Record<string, number> = {};
  const marks = { shortened: 0, neutralised: 0, lowMass: 0, bounded: 0 };
  const masses: number[] = [];
  const pairs: Pair[] = [];
  const probabilities = new Float64Array(3 * dataset.ids.length);
  for (const row of dataset.ids.keys()) {
    const outcome = input.outcome(row);
    rows[outcome.obtained] += 1;
    if (outcome.obtained === "prior") add(reasons, outcome.reason ?? "unknown");
    probabilities.set(toDigits(outcome.probabilities, config.clip).map(Number), 3 * row);
    const { ab, ba } = answersOf(state, row);
    const reading = ab ?? ba;
    if (reading === null) continue;
    if (ab !== null && ba !== null) {
      const [first, second] = [input.judge({ ab, ba: null }), input.judge({ ab: null, ba })];
      pairs.push({ first: first.probabilities, second: second.probabilities });
    }
    const { cutTokens, neutralised } = state.orders[ab === null ? "ba" : "ab"];
    if ((cutTokens[row] ?? 0) > 0) marks.shortened += 1;
    if ((neutralised[row] ?? 0) > 0) marks.neutralised += 1;
    if (reading.bounded) marks.bounded += 1;
    if (reading.mass === null) continue;
    if (reading.mass < config.mass.minimum) marks.lowMass += 1;
    masses.push(reading.mass);
  }
  return {
    end: input.end,
    files: { ...input.files, serverLog: engine?.logFile ?? null },
    engine: { name: config.engine.name, version: engine?.version ?? null, method: engine?.method ?? null },
    calibration: input.calibration,
    rows: { ...rows, total: dataset.ids.length },
    reasons,
    marks,
    labelMass: massOf(masses),
    seconds: input.seconds,
    usage: input.usage,
    bothOrders: pairs.length === 0 ? null : summarizePairs(pairs),
    forecasts: input.forecasts,
    session: { ...input.tally, resumedRows: input.resumedRows },
    truth: dataset.truth === null ? null : compareWithTruth(probabilities, dataset.truth),
  };
}

function compareWithTruth(probabilities: Float64Array, truth: Float64Array): NonNullable<RunSummary["truth"]> {
  const rows = truth.length / 3;
  return {
    logLoss: mean(logLosses(probabilities, truth)),
    priorLogLoss: mean(logLosses(repeatTriple(classPrior(truth), rows), truth)),
    accuracy: mean(hits(probabilities, truth)),
    rows,
  };
}

function massOf(masses: readonly number[]): RunSummary["labelMass"] {
  if (masses.length === 0) return null;
  const [median, p5] = quantiles(masses, [0.5, 0.05]) as [number, number];
  return { median, p5 };
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
