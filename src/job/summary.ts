import { type ClassMatrix, matrixOf, pickRows } from "../class-matrix.ts";
import { softmax, swapBack } from "../classes.ts";
import type { Config } from "../config/config.ts";
import { asWritten } from "../dataset/submission/clip-and-round.ts";
import { type OrderPair, type PairSummary, summarizePairs } from "../deadline/pairs.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { messageOf } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { ForecastError } from "../forecast/history.ts";
import { hits } from "../metrics/accuracy.ts";
import { classPriorLosses } from "../metrics/class-prior.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { mean } from "../numbers/sums.ts";
import type { Usage } from "../pool/usage.ts";
import type { PerClass } from "../types.ts";
import { answersOf } from "./answers.ts";
import type { JobFailure } from "./failure.ts";
import type { Job, SecondJob } from "./open-job.ts";
import { createTally, type RowCounts } from "./tally.ts";

/** Why a run ended. */
export type RunEnd = "done" | "deadline" | "overrun" | "interrupted" | "engine-lost" | "low-mass";

/** The result of a run, as it is written to summary.json. */
export interface RunSummary extends RowCounts {
  readonly end: RunEnd;
  /** Why the run counts as failed, although its files are complete; null for any other end. */
  readonly failure: JobFailure | null;
  readonly files: {
    readonly submission: string;
    readonly runFolder: string;
    readonly rows: string;
    readonly journal: string;
    /** File of the picture that shows forecasts, ladder steps and the end; null for a variant of a comparison. */
    readonly clock: string | null;
    readonly serverLog: string | null;
  };
  readonly engine: { readonly name: string; readonly version: string | null; readonly method: string | null };
  /** The second of two judges; null in a run with one. */
  readonly second: SecondSummary | null;
  /** The calibration that was applied; null for a plain softmax. */
  readonly calibration: { readonly file: string; readonly kind: string } | null;
  /**
   * Numbers of rows that were shortened to fit, whose control tokens were broken up, whose label mass is low, or in which the
   * probability of a label is only an upper bound.
   */
  readonly marks: {
    readonly shortened: number;
    readonly neutralised: number;
    readonly lowMass: number;
    readonly bounded: number;
  };
  /** Wall time of this session in seconds: in total, until the engine was ready (null when none was), and of scoring. */
  readonly seconds: { readonly total: number; readonly startUp: number | null; readonly scoring: number };
  /** How well the engines were used in this session; null when nothing was scored. */
  readonly usage: Usage | null;
  /**
   * The effect of the swapped order on the readings, before calibration, over all rows that have both orders; null when no row
   * has both.
   */
  readonly bothOrders: PairSummary | null;
  /** The errors of the forecasts that were made at 2, 10 and 50 % of the rows. */
  readonly forecasts: readonly ForecastError[];
  /** Counts of this session alone, without earlier sessions of a resumed run. */
  readonly session: {
    readonly scoredPrompts: number;
    readonly promptTokens: number;
    readonly requests: number;
    readonly failedRequests: number;
    readonly resumedRows: number;
  };
  /**
   * Comparison of the answered rows with the labels of the file: mean log loss in nats after clipping, and accuracy. `ties` rows are
   * left out, because they are labelled as ties and the judge knows none, and `fallbacks` rows, because they were not answered. Null
   * when no answered row has a label that the judge can give.
   */
  readonly truth: {
    readonly logLoss: number;
    readonly priorLogLoss: number;
    readonly accuracy: number;
    readonly rows: number;
    readonly ties: number;
    readonly fallbacks: number;
  } | null;
}

/** What the second of two judges did. */
export interface SecondSummary {
  /** Names of both judges. */
  readonly judges: readonly [first: string, second: string];
  readonly runFolder: string;
  /** Number of rows that it answered as given and in the swapped order, earlier sessions included. */
  readonly answers: { readonly asGiven: number; readonly swapped: number };
  /** Number of prompts that it scored in this session. */
  readonly scoredPrompts: number;
  readonly model: string | null;
  /** The file that says how the answers of both are combined; null for the usual way: the second judge replaces the first. */
  readonly combination: string | null;
  /** SHA-256 of that file when the run read it. */
  readonly combinationSha256: string | null;
}

/** The facts about the end of a session that the summary needs besides the counts of its job. */
export interface SummaryInput {
  readonly end: RunEnd;
  readonly failure: JobFailure | null;
  /** With null, the summary takes version and method of the engine from the journal. */
  readonly engine: Pick<Engine, "version" | "method" | "logFile"> | null;
  readonly usage: Usage | null;
  readonly forecasts: readonly ForecastError[];
  readonly seconds: RunSummary["seconds"];
  /** See `RunSummary`. */
  readonly clockFile: string | null;
}

/**
 * Summarises a run and writes summary.json. If the file cannot be written, this is only logged, because the results are already
 * in place.
 */
export async function writeSummary(
  job: Job,
  input: SummaryInput,
  { disk, log }: Pick<Effects, "disk" | "log">,
): Promise<RunSummary> {
  const summary = summarize(job, input);
  const file = job.folder.summaryFile;
  await writeAtomic(file, `${JSON.stringify(summary, null, 2)}\n`, disk).catch((error: unknown) => {
    log("error", `${file} could not be written: ${messageOf(error)}`);
  });
  return summary;
}

function summarize(
  { config, dataset, calibration, folder, publisher, recorder, second }: Job,
  input: SummaryInput,
): RunSummary {
  const { state } = folder;
  const { scoredPrompts, promptTokens, requests, failedRequests } = recorder.counts;
  const served = input.engine ?? state.engineModel;
  const tally = createTally(dataset.ids.length);
  const marks = { shortened: 0, neutralised: 0, lowMass: 0, bounded: 0 };
  const pairs: OrderPair[] = [];
  const probabilities: PerClass[] = [];
  const answered: boolean[] = [];
  for (const row of dataset.ids.keys()) {
    const outcome = publisher.outcome(row);
    const { ab, ba } = answersOf(state, row);
    tally.add({ ...outcome, ab, ba });
    probabilities.push(outcome.probabilities);
    answered.push(outcome.obtained !== "prior");
    const reading = ab ?? ba;
    if (reading === null) continue;
    if (ab !== null && ba !== null) {
      pairs.push({ first: softmax(ab.logProbs), second: swapBack(softmax(ba.logProbs), "ba") });
    }
    const { cutTokens, neutralised } = state.orders[ab === null ? "ba" : "ab"];
    if ((cutTokens[row] ?? 0) > 0) marks.shortened += 1;
    if ((neutralised[row] ?? 0) > 0) marks.neutralised += 1;
    if (reading.bounded) marks.bounded += 1;
    if (reading.mass !== null && reading.mass < config.mass.minimum) marks.lowMass += 1;
  }
  const counts = tally.finish();
  return {
    end: input.end,
    failure: input.failure,
    files: {
      submission: config.output,
      runFolder: folder.path,
      rows: folder.rowsFile,
      journal: folder.journalFile,
      clock: input.clockFile,
      serverLog: input.engine?.logFile ?? null,
    },
    engine: { name: config.engine.name, version: served?.version ?? null, method: served?.method ?? null },
    second: second === null ? null : summarizeSecond(second, config),
    calibration,
    rows: counts.rows,
    reasons: counts.reasons,
    marks,
    labelMass: counts.labelMass,
    seconds: input.seconds,
    usage: input.usage,
    bothOrders: summarizePairs(pairs),
    forecasts: input.forecasts,
    session: { scoredPrompts, promptTokens, requests, failedRequests, resumedRows: folder.resumedRows },
    truth:
      dataset.truth === null
        ? null
        : compareWithTruth(asWritten(matrixOf(config.classes, probabilities), config.clip), dataset.truth, answered),
  };
}

function summarizeSecond({ job, combinationSha256 }: SecondJob, { escalation }: Config): SecondSummary | null {
  if (escalation === null) return null;
  const { folder, recorder } = job;
  const { ab, ba } = folder.state.orders;
  return {
    judges: escalation.names,
    runFolder: folder.path,
    answers: { asGiven: ab.answered, swapped: ba.answered },
    scoredPrompts: recorder.counts.scoredPrompts,
    model: folder.state.engineModel?.model ?? null,
    combination: escalation.combination,
    combinationSha256,
  };
}

/** Compares the answered rows with the labels that a judge of these classes can give; null when there is none. */
function compareWithTruth(all: ClassMatrix, labels: ClassMatrix, answered: readonly boolean[]): RunSummary["truth"] {
  const usable = labelsFor(all.classes, labels);
  const { ties } = usable;
  const rows = usable.rows.filter((row) => answered[row]);
  if (rows.length === 0) return null;
  const [probabilities, truth] = [pickRows(all, rows), pickRows(usable.truth, rows)];
  return {
    logLoss: mean(logLosses(probabilities, truth)),
    priorLogLoss: mean(classPriorLosses(truth)),
    accuracy: mean(hits(probabilities, truth)),
    rows: rows.length,
    ties,
    fallbacks: usable.rows.length - rows.length,
  };
}
