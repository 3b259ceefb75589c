import { mkdir } from "node:fs/promises";
import { createMeter } from "../concurrency/throughput-meter.ts";
import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import type { Judge, JudgeLoader, Task } from "../judge/judge.ts";
import type { JournalEvent } from "../runfolder/journal/events.ts";
import type { Attempt } from "../schedule/types.ts";
import { firstSetting } from "./first-setting.ts";
import { type EngineOpener, engineOpeners } from "./openers.ts";
import { createTokenizeRoute } from "./tokenize-route.ts";
import { createTuner } from "./tuner.ts";
import { type Usage, usageOf } from "./usage.ts";
import { createPoolEngine, type PoolEngine } from "./worker.ts";

/** The engines of a job, each a lane of the schedule, and the judging that fits all of them. */
export interface EnginePool extends AsyncDisposable {
  readonly list: readonly PoolEngine[];
  readonly judging: Judge;
  readonly first: () => Engine | null;
  /** Hears every request, so that what is in flight follows the speed of the engine. */
  readonly observe: (attempt: Attempt<Task>) => void;
  /** Requests that all engines together may have in flight, as it was when this one was sent. */
  readonly concurrencyAt: (attempt: Attempt<Task>) => number;
  /** How well the engines have been used since a moment (monotonic ms), the start of scoring. */
  readonly usage: (since: number) => Usage | null;
}

/** Restarts of one engine in a run, or returns of one that others started, which cost nothing; and the longest that one may take. */
const REVIVAL = { attempts: { spawn: 3, attach: 30 }, limitMs: 15 * 60_000 } as const;

/** Opens every engine of the config, all at once. When one cannot be opened, the others are stopped and its error is thrown. */
export async function openEnginePool(options: {
  config: Config;
  opener: JudgeLoader;
  folder: { readonly path: string };
  recorder: { readonly record: (event: JournalEvent) => void };
  effects: Effects;
  signal: AbortSignal;
  /** Hears when no engine is up any more, and when one is again. */
  onEngines?: (up: boolean, lost: boolean) => void;
}): Promise<EnginePool> {
  const { config, opener, recorder, effects, signal } = options;
  let judging: Judge | undefined;
  const closing = new AbortController();
  const route = createTokenizeRoute({ ...effects, signal: AbortSignal.any([signal, closing.signal]) });
  const openers = engineOpeners({
    config,
    effects,
    runFolder: options.folder.path,
    probe: async (server) => {
      const probed = await opener.probe({ ...server, tokenize: route.via(server.tokenize) });
      // With several servers the smallest context rules, so that every row fits wherever it goes.
      if (judging === undefined || probed.judge.budget < judging.budget) judging = probed.judge;
      return probed.input;
    },
  });
  await mkdir(options.folder.path, { recursive: true });
  const engines = await openAll(openers, signal);
  if (judging === undefined) throw new Error("an engine that is open has been probed");
  const found = judging;
  const meter = createMeter(effects.clock.monotonic());
  const answered = { tokens: 0, requests: 0 };
  const condition = new Map<string, "lost" | "back" | "given-up">(openers.map(({ name }) => [name, "back"]));
  const lanes = engines.map((engine, place) => {
    const { name, reopen } = openers[place] as EngineOpener;
    recorder.record({
      event: "engine",
      what: "ready",
      detail: `${name}: ${engine.version ?? "unknown version"}, ${engine.method}`,
      at: effects.clock.now(),
    });
    const tuner = createTuner({
      given: config,
      start: firstSetting(config),
      metrics: () => slot.current().metrics(signal),
      clock: effects.clock,
      onFound: ({ concurrency, promptsPerRequest }, rowsPerSecond) => {
        recorder.record({
          event: "concurrency",
          at: effects.clock.now(),
          engine: name,
          concurrency,
          promptsPerRequest,
          rowsPerSecond,
        });
      },
      onTokens: (tokens) => {
        answered.tokens += tokens;
        answered.requests += 1;
        meter.add(effects.clock.monotonic(), tokens);
      },
    });
    const slot = createPoolEngine({
      name,
      engine,
      concurrency: () => tuner.setting().concurrency,
      batchSize: () => tuner.setting().promptsPerRequest,
      revival: { attempts: REVIVAL.attempts[config.engine.kind], limitMs: REVIVAL.limitMs, revive: reopen },
      clock: effects.clock,
      log: effects.log,
      onEvent: (what, detail) => {
        recorder.record({ event: "engine", what, detail: `${name}: ${detail}`, at: effects.clock.now() });
        condition.set(name, what);
        const all = [...condition.values()];
        options.onEngines?.(
          all.includes("back"),
          all.every((one) => one === "given-up"),
        );
      },
    });
    return { name, tuner, slot: { ...slot, lane: { ...slot.lane, work: tuner.watch(slot.lane.work) } } };
  });
  const list = lanes.map(({ slot }) => slot);
  const tuners = new Map(lanes.map(({ name, tuner }) => [name, tuner]));
  route.use(() => list.map(({ current }) => current()));
  return {
    list,
    judging: found,
    first: () => list[0]?.current() ?? null,
    observe: (attempt) => tuners.get(attempt.lane)?.observe(attempt),
    concurrencyAt: ({ lane, concurrency }) =>
      lanes.reduce((sum, { name, tuner }) => sum + (name === lane ? concurrency : tuner.setting().concurrency), 0),
    usage: (since) => usageOf({ meter, startedAt: since, now: effects.clock.monotonic(), ...answered, tuners: lanes }),
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error("the engines are closed"));
      await Promise.all(list.map((slot) => slot[Symbol.asyncDispose]()));
    },
  };
}

async function openAll(openers: readonly EngineOpener[], signal: AbortSignal): Promise<readonly Engine[]> {
  const opened = await Promise.allSettled(openers.map(({ open }) => open(signal)));
  const engines = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = opened.find((result) => result.status === "rejected");
  if (failure === undefined) return engines;
  await Promise.all(engines.map((engine) => engine[Symbol.asyncDispose]()));
  throw failure.reason;
}
