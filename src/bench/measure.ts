import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import type { Task } from "../judge/judge.ts";
import type { EnginePool } from "../pool/pool.ts";
import { DEFAULT_RETRY } from "../schedule/backoff.ts";
import { classifyRequestError } from "../schedule/classify.ts";
import { schedule } from "../schedule/schedule.ts";
import type { Attempt } from "../schedule/types.ts";
import type { Reading } from "../types.ts";
import { type Poll, pollEngine } from "./poll.ts";
import type { SamplingOrder } from "./sampling-order.ts";
import { cutShort, type Stage, type Sweep, startSweep, sweepOn } from "./sweep.ts";

/** Everything that was measured. */
export interface Measurement {
  readonly sweep: Sweep;
  readonly looks: readonly Poll[];
  readonly sent: number;
  readonly failed: number;
  /** Share of the sample's time in which the client was at work, 0 to 1. */
  readonly clientBusy: number;
}

/** Keeps the engine full while the sweep goes from setting to setting, then sends the sample, and stops. */
export async function measureEngine(options: {
  config: Config;
  slots: EnginePool;
  supply: SamplingOrder;
  sweep: Parameters<typeof startSweep>[0];
  effects: Effects;
  /** Gives the time (ms) for which the client's thread was at work so far. */
  busyMs: () => number;
  onStage: (stage: Stage) => void;
}): Promise<Measurement> {
  const { config, slots, supply, effects, busyMs } = options;
  const { clock } = effects;
  const stop = new AbortController();
  let sweep = startSweep(options.sweep, clock.monotonic());
  let sampleLeft = supply.sample.length;
  const sampled = new Set(supply.sample.map(({ row }) => row));
  const counts = { sent: 0, failed: 0 };
  const sample = { at: 0, busy: 0 };

  const enter = (next: Sweep): void => {
    if (next.stage !== sweep.stage && next.stage !== null) {
      if (sweep.stage !== null) watch.ended(sweep.stage);
      options.onStage(next.stage);
      if (next.stage.kind === "sample") Object.assign(sample, { at: clock.monotonic(), busy: busyMs() });
    }
    sweep = next;
  };
  async function* tasks(): AsyncGenerator<Task> {
    let sampleAt = 0;
    let otherAt = 0;
    for (;;) {
      const isSample = sweep.stage?.kind === "sample";
      if (!isSample && otherAt === supply.others.length) enter(cutShort(sweep, clock.monotonic()));
      const next = isSample && sampleAt < supply.sample.length ? supply.sample[sampleAt++] : supply.others[otherAt++];
      if (next !== undefined) yield await slots.judging.prepare(next.row, next.order, null);
      else if (sampleAt === supply.sample.length) return;
    }
  }
  const onAttempt = (attempt: Attempt<Task>): void => {
    const { startedAt, finishedAt } = attempt;
    if (!attempt.ok) {
      if (!stop.signal.aborted) counts.failed += 1;
      return;
    }
    counts.sent += attempt.tasks.length;
    const inSample = sweep.stage?.kind === "sample";
    const before = sweep.paces.length;
    const tokens = attempt.tasks.reduce((sum, { ids }) => sum + ids.length, 0);
    enter(sweepOn(sweep, { startedAt, finishedAt, rows: attempt.tasks.length, tokens }));
    if (!inSample) return;
    sampleLeft -= attempt.tasks.filter(({ row, order }) => order === "ab" && sampled.delete(row)).length;
    // The last window ends behind the sample, so that it is as full as the others.
    if (sampleLeft <= 0 && sweep.paces.length > before) stop.abort(new Error("everything is measured"));
  };

  options.onStage(sweep.stage as Stage);
  const watch = pollEngine(slots, () => sweep.stage, effects, stop.signal);
  const signal = AbortSignal.any([effects.signal, stop.signal]);
  const limit = (pick: (setting: Stage["setting"]) => number) => () =>
    sweep.stage === null ? 1 : pick(sweep.stage.setting);
  const { end } = await schedule<Task, Reading>({
    tasks: tasks(),
    lanes: slots.list.map(({ lane }) => ({
      ...lane,
      concurrency: limit(({ concurrency }) => concurrency),
      batchSize: limit(({ promptsPerRequest }) => promptsPerRequest),
    })),
    classify: classifyRequestError,
    onOutcome: () => {},
    onAttempt,
    retry: { ...DEFAULT_RETRY, attempts: config.attempts },
    timeoutMs: () => config.requestTimeoutMs,
    clock,
    random: effects.random,
    signal,
  });
  const ms = clock.monotonic() - sample.at;
  const clientBusy = (busyMs() - sample.busy) / Math.max(1, ms);
  stop.abort(new Error("everything is measured"));
  await watch.over;
  effects.signal.throwIfAborted();
  if (end === "engines-lost") throw new AbtieError("engine", "the engine was lost while it was measured");
  return { sweep, looks: watch.looks, ...counts, clientBusy };
}
