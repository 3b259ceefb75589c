import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { lowMassFailure } from "../job/failure.ts";
import type { MassWatch } from "../job/mass-watch.ts";
import type { Judge, Task } from "../judge/judge.ts";
import { firstSetting } from "../pool/first-setting.ts";
import type { EnginePool } from "../pool/pool.ts";
import { scoreOnPool } from "../pool/score-on-pool.ts";
import type { Attempt } from "../schedule/types.ts";
import { type Poll, pollEngine } from "./engine-polls.ts";
import type { Lengths } from "./lengths.ts";
import { samplingOrderOf } from "./sampling-order.ts";
import { advanceSweep, describeStage, type Stage, type Sweep, skipToSample, startSweep } from "./sweep.ts";

/** All results of a measurement. */
export interface Measurement {
  readonly sweep: Sweep;
  readonly polls: readonly Poll[];
  /** Number of prompts that were answered, and number of requests that failed. */
  readonly sent: number;
  readonly failed: number;
  /** Share of the time of the sample during which abtie's thread was busy, 0 to 1. */
  readonly clientBusy: number;
}

/** A sample that a fast engine answers sooner goes on with other rows, because one stall would decide its speed. */
const LEAST_SAMPLE_MS = 2_000;
/** Time after which no further level is begun. */
const SWEEP_MS = 180_000;

/**
 * Keeps requests waiting at the engine during the whole sweep over the settings, then sends the sample, and stops.
 * Throws AbtieError("engine") when the engine was lost or the labels get almost no probability, and the signal's reason when it aborts.
 */
export async function measureEngine(options: {
  config: Config;
  pool: EnginePool<Judge>;
  dataset: Pick<Dataset, "ids">;
  lengths: Lengths;
  /** Number of rows to which the time is fitted. */
  sampleRows: number;
  effects: Effects;
  /** Returns the time (ms) during which abtie's thread was busy so far. */
  busyMs: () => number;
  massWatch: MassWatch;
}): Promise<Measurement> {
  const { config, pool, dataset, lengths, sampleRows, effects, busyMs, massWatch } = options;
  const { clock } = effects;
  const stop = new AbortController();
  const prompts = samplingOrderOf(lengths, sampleRows);
  const sweepOptions = {
    fixed: config.concurrency === null ? null : firstSetting(config),
    promptsPerRequest: config.promptsPerRequest,
    sampleRows: Math.min(sampleRows, lengths.rows.length),
    limitMs: SWEEP_MS,
  };
  let sweep = startSweep(sweepOptions, clock.monotonic());
  let sampleLeft = prompts.sample.length;
  const sampled = new Set(prompts.sample.map(({ row }) => row));
  const counts = { sent: 0, failed: 0 };
  const sampleBegan = { at: 0, busy: 0 };

  const report = (stage: Stage): void =>
    effects.progress({ stage: "step", name: "measuring", text: describeStage(stage) });
  const advance = (next: Sweep): void => {
    if (next.stage !== sweep.stage && next.stage !== null) {
      if (sweep.stage !== null) polling.pollEnd(sweep.stage);
      report(next.stage);
      if (next.stage.kind === "sample") Object.assign(sampleBegan, { at: clock.monotonic(), busy: busyMs() });
    }
    sweep = next;
  };
  async function* tasks(): AsyncGenerator<Task> {
    let sampleIndex = 0;
    let otherIndex = 0;
    for (;;) {
      const isSample = sweep.stage?.kind === "sample";
      if (!isSample && otherIndex === prompts.others.length) advance(skipToSample(sweep, clock.monotonic()));
      const next =
        isSample && sampleIndex < prompts.sample.length ? prompts.sample[sampleIndex++] : prompts.others[otherIndex++];
      if (next !== undefined) yield await pool.judge.prepare(next.row, next.order, null);
      else if (sampleIndex === prompts.sample.length) return;
    }
  }
  const measure = (attempt: Attempt<Task>): void => {
    const { startedAt, finishedAt } = attempt;
    if (!attempt.ok) {
      if (!stop.signal.aborted) counts.failed += 1;
      return;
    }
    counts.sent += attempt.tasks.length;
    const inSample = sweep.stage?.kind === "sample";
    const before = sweep.intervals.length;
    const tokens = attempt.tasks.reduce((sum, { ids }) => sum + ids.length, 0);
    advance(advanceSweep(sweep, { startedAt, finishedAt, rows: attempt.tasks.length, tokens }));
    if (!inSample) return;
    sampleLeft -= attempt.tasks.filter(({ row, order }) => order === "ab" && sampled.delete(row)).length;
    // The measurement stops at the first end of an interval after the whole sample was answered, so that the engine is
    // as full in the last interval as in the others.
    const isLongEnough = finishedAt - sampleBegan.at >= LEAST_SAMPLE_MS;
    if (sampleLeft <= 0 && isLongEnough && sweep.intervals.length > before)
      stop.abort(new Error("everything is measured"));
  };

  if (sweep.stage !== null) report(sweep.stage);
  const polling = pollEngine(pool, () => sweep.stage, effects, stop.signal);
  const signal = AbortSignal.any([effects.signal, stop.signal, massWatch.stopped]);
  const end = await scoreOnPool<Task>({
    pool,
    tasks: tasks(),
    onRequest: ({ attempt, outcomes }) => {
      for (const { task, outcome } of outcomes)
        if (outcome.ok && task.order === "ab") massWatch.add(outcome.value.mass);
      if (attempt !== null) measure(attempt);
    },
    config,
    setting: () => sweep.stage?.setting ?? { concurrency: 1, promptsPerRequest: 1 },
    effects,
    signal,
  });
  const ms = clock.monotonic() - sampleBegan.at;
  const clientBusy = (busyMs() - sampleBegan.busy) / Math.max(1, ms);
  stop.abort(new Error("everything is measured"));
  await polling.finished;
  effects.signal.throwIfAborted();
  massWatch.end();
  if (massWatch.stopped.aborted) {
    const { message, details } = await lowMassFailure({ massWatch, dataset }, pool.judge);
    throw new AbtieError("engine", message, { details });
  }
  if (end === "engines-lost")
    throw new AbtieError(
      "engine",
      "the engine was lost while it was measured, so there is no result: look at the server's log, and run the bench again",
    );
  return { sweep, polls: polling.polls, ...counts, clientBusy };
}
