import { mkdir } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import type { Engine } from "../engine/types.ts";
import type { Effects } from "./effects.ts";
import { type EngineOpener, engineOpeners } from "./engines.ts";
import type { Judging } from "./judge.ts";
import type { JudgingOpener } from "./judging-opener.ts";
import { createSlot, type EngineSlot } from "./lane.ts";
import type { Recorder } from "./recorder.ts";
import { createTokenizeRoute } from "./tokenize-route.ts";

/** The engines of a job, each a lane of the schedule, and the judging that fits all of them. */
export interface Slots extends AsyncDisposable {
  readonly list: readonly EngineSlot[];
  readonly judging: Judging;
  readonly first: () => Engine | null;
}

/** Restarts of one engine in a run, and the longest that one may take. */
const REVIVAL = { attempts: 3, limitMs: 15 * 60_000 } as const;
/** In flight when neither the config nor the engine profile says it. */
const CONCURRENCY = 16;
const PROMPTS_PER_REQUEST = 4;

/** Opens every engine of the config, all at once. When one cannot be opened, the others are stopped and its error is thrown. */
export async function openSlots(options: {
  config: Config;
  opener: JudgingOpener;
  folder: { readonly path: string };
  recorder: Recorder;
  effects: Effects;
  signal: AbortSignal;
}): Promise<Slots> {
  const { config, opener, recorder, effects, signal } = options;
  let judging: Judging | undefined;
  const closing = new AbortController();
  const route = createTokenizeRoute({ ...effects, signal: AbortSignal.any([signal, closing.signal]) });
  const openers = engineOpeners({
    config,
    effects,
    runFolder: options.folder.path,
    probe: async (server) => {
      const probed = await opener.probe({ ...server, tokenize: route.via(server.tokenize) });
      // With several servers the smallest context rules, so that every row fits wherever it goes.
      if (judging === undefined || probed.judging.budget < judging.budget) judging = probed.judging;
      return probed.input;
    },
  });
  await mkdir(options.folder.path, { recursive: true });
  const engines = await openAll(openers, signal);
  if (judging === undefined) throw new Error("an engine that is open has been probed");
  const found = judging;
  const list = engines.map((engine, place) => {
    const { name, open } = openers[place] as EngineOpener;
    recorder.record({
      event: "engine",
      what: "ready",
      detail: `${name}: ${engine.version ?? "unknown version"}, ${engine.method}`,
      at: effects.clock.now(),
    });
    return createSlot({
      name,
      engine,
      concurrency: () => config.concurrency ?? CONCURRENCY,
      batchSize: () => config.promptsPerRequest ?? PROMPTS_PER_REQUEST,
      revival: { ...REVIVAL, revive: open },
      clock: effects.clock,
      log: effects.log,
      onEvent: (what, detail) => {
        recorder.record({ event: "engine", what, detail: `${name}: ${detail}`, at: effects.clock.now() });
      },
    });
  });
  route.use(() => list.map(({ current }) => current()));
  return {
    list,
    judging: found,
    first: () => list[0]?.current() ?? null,
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
