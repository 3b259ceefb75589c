import { allEnded } from "../all-ended.ts";
import type { Setting } from "../concurrency/setting.ts";
import { createMeter } from "../concurrency/throughput-meter.ts";
import type { Config, SpawnConfig } from "../config/config.ts";
import { USUAL_PROFILES } from "../config/engine.ts";
import type { Effects } from "../effects.ts";
import { RequestError } from "../engine/client/request-error.ts";
import type { ProbeInput } from "../engine/dialects/dialect.ts";
import type { Engine } from "../engine/engine.ts";
import { createFolder } from "../files/folder.ts";
import { plural } from "../format.ts";
import { type JudgeServer, scoreBatch, type Task } from "../judge/judge.ts";
import { modelName } from "../judge/model-name.ts";
import type { JournalEvent } from "../runfolder/journal/events.ts";
import { identityOf, type ModelIdentity } from "../runfolder/manifest/model-identity.ts";
import type { Attempt, Worker } from "../schedule/types.ts";
import type { Reading } from "../types.ts";
import { firstSetting } from "./first-setting.ts";
import { oneModelOf, otherModel } from "./one-model.ts";
import { engineOpeners, type OpenedEngine, openEngines } from "./open-engines.ts";
import { createReplaceableEngine, type ReplaceableEngine } from "./replaceable-engine.ts";
import { createStatus, type StatusTracker } from "./status.ts";
import { createTokenizeRoute, type TokenizeRoute } from "./tokenize-route.ts";
import { createTuner, type Tuner } from "./tuner.ts";
import { type Usage, usageOf } from "./usage.ts";
import { createModelWatch, type ModelWatch } from "./watch-model.ts";

/** The engines of a job, each with a worker for the schedule, and the judge (or several) that fits all of them. */
export interface EnginePool<J> extends AsyncDisposable {
  readonly engines: readonly Pick<ReplaceableEngine, "name" | "current">[];
  readonly workers: readonly Worker<Task, Reading>[];
  readonly judge: J;
  /** The model that all engines serve. */
  readonly model: ModelIdentity;
  readonly first: () => Engine | null;
  readonly subscribe: StatusTracker["subscribe"];
  /** Passes a request to the tuner of its engine, which adapts the number of requests in flight. */
  readonly observe: (attempt: Attempt<Task>) => void;
  /** Gives the number of requests that all engines together were allowed in flight when this request was sent. */
  readonly concurrencyAt: (attempt: Attempt<Task>) => number;
  /**
   * Computes how well the engines have been used since `since` (monotonic ms), the start of scoring; null when nothing was
   * answered.
   */
  readonly usage: (since: number) => Usage | null;
}

/** Opens a judge for a running server, and gives the prompt with which the server is probed. */
export interface Prober<J> {
  readonly probe: (server: JudgeServer) => Promise<{ readonly judge: J; readonly input: ProbeInput }>;
}

/**
 * Number of attempts to bring one engine back: few for a restart by abtie, which takes minutes; many for a server that abtie
 * did not start, because abtie only polls it. `limitMs` is the time limit of one attempt.
 */
const RECOVERY = { attempts: { spawn: 3, attach: 30 }, limitMs: 15 * 60_000 } as const;

/** Names the engine that is started, because a config may leave it to abtie. */
function startText(engine: SpawnConfig): string {
  const way = USUAL_PROFILES.includes(engine.name)
    ? "; for another give --base-url URL for a server that runs, or `engine` in the config"
    : "";
  return `starting the engine ${engine.name} with the model ${modelName(engine)}${way}`;
}

/**
 * Opens all engines of the config at once. When an engine cannot be opened, the others are stopped and the error of that engine
 * is thrown. Throws AbtieError("config") when they serve different models.
 */
export async function openEnginePool<J>(options: {
  config: Config;
  loader: Prober<J>;
  /** Folder of the server logs. */
  logFolder: string;
  record: (event: JournalEvent) => void;
  /** Prompts in flight at the start, where neither config nor profile says; default 16. */
  firstLevel?: number;
  effects: Effects;
  signal: AbortSignal;
  /** Default: the openers of real servers. */
  openers?: typeof engineOpeners;
}): Promise<EnginePool<J>> {
  const { config, loader, logFolder, record, effects, signal } = options;
  const { clock } = effects;
  if (config.engine.kind === "spawn") effects.log("info", startText(config.engine));
  const closing = new AbortController();
  const route = createTokenizeRoute({ ...effects, signal: AbortSignal.any([signal, closing.signal]) });
  const { probe, judge } = keepSmallest(loader, config, route);
  const openers = (options.openers ?? engineOpeners)({ config, effects, logFolder, probe });
  await createFolder(logFolder, effects.disk, "owner");
  const opened = await openEngines(openers, signal);
  const model = await oneModelOrClose(opened, config);
  const status = createStatus(opened.map(({ name }) => name));
  const engines = opened.map(({ name, engine, reopen }) => {
    const detail = `${name}: ${engine.version ?? "unknown version"}, ${engine.method}`;
    record({ event: "engine", what: "ready", detail, at: clock.now() });
    return createReplaceableEngine({
      name,
      engine,
      recovery: { attempts: RECOVERY.attempts[config.engine.kind], limitMs: RECOVERY.limitMs, reopen },
      refuse: (engine) => otherModel(model, identityOf(engine, config.engine)),
      clock,
      log: effects.log,
      onChange: (change, reason) => {
        record({ event: "engine", what: change, detail: `${name}: ${reason}`, at: clock.now() });
        status.change(name, change);
      },
    });
  });
  route.use(() => engines.map(({ current }) => current()));

  const watchOf = ({ listed: list }: Engine, isNew: boolean): ModelWatch =>
    createModelWatch({
      list,
      isNew,
      differs: (listed) => otherModel(model, identityOf({ served: listed, answersAs: null }, config.engine)),
      clock,
    });
  const meter = createMeter(clock.monotonic());
  const answered = { tokens: 0, requests: 0 };
  const tuned = engines.map((engine) => {
    const { name, current } = engine;
    const recordSetting = ({ concurrency, promptsPerRequest }: Setting, rowsPerSecond: number): void =>
      record({
        event: "concurrency",
        at: clock.now(),
        engine: name,
        concurrency,
        promptsPerRequest,
        rowsPerSecond,
      });
    const tuner = createTuner({
      given: config,
      start: firstSetting(config, options.firstLevel),
      metrics: () => current().metrics(signal),
      clock,
      onFound: recordSetting,
      onTooLarge: (setting, refused) => {
        effects.log(
          "warn",
          `engine ${name} refused a request of ${refused} prompts as too large (HTTP 413): at most ${plural(setting.promptsPerRequest, "prompt")} are sent in one request from now on`,
        );
        recordSetting(setting, Number.NaN);
      },
      onPartialMetrics: () =>
        effects.log(
          "info",
          `the metrics of ${name} count only a part of the prompts that it answers, as those of one worker behind a router: they no longer limit what is sent`,
        ),
      onTokens: (tokens) => {
        answered.tokens += tokens;
        answered.requests += 1;
        meter.add(clock.monotonic(), tokens);
      },
    });
    return { name, tuner, worker: createWorker(engine, tuner, watchOf) };
  });
  const tunerOf = new Map(tuned.map(({ name, tuner }) => [name, tuner]));
  return {
    engines,
    workers: tuned.map(({ worker }) => worker),
    judge: judge(),
    model,
    first: () => engines[0]?.current() ?? null,
    subscribe: status.subscribe,
    observe: (attempt) => tunerOf.get(attempt.worker)?.observe(attempt),
    concurrencyAt: ({ worker, concurrency }) =>
      tuned.reduce((sum, { name, tuner }) => sum + (name === worker ? concurrency : tuner.setting().concurrency), 0),
    usage: (since) => usageOf({ meter, startedAt: since, now: clock.monotonic(), ...answered, tuners: tuned }),
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error("the engines are closed"));
      await allEnded(engines.map((engine) => engine[Symbol.asyncDispose]()));
    },
  };
}

async function oneModelOrClose(opened: readonly OpenedEngine[], config: Config): Promise<ModelIdentity> {
  try {
    return oneModelOf(opened, config.engine);
  } catch (error) {
    await allEnded(opened.map(({ engine }) => engine[Symbol.asyncDispose]()));
    throw error;
  }
}

/** Probes servers, and keeps the judge of the server with the smallest context, because its prompts fit on every server. */
function keepSmallest<J>(loader: Prober<J>, config: Config, route: TokenizeRoute) {
  let smallest: { readonly judge: J; readonly context: number } | null = null;
  return {
    probe: async (server: JudgeServer): Promise<ProbeInput> => {
      const { judge, input } = await loader.probe({ ...server, ...route.via(server) });
      const context = server.maxModelLen ?? config.engine.maxModelLen ?? Number.POSITIVE_INFINITY;
      if (smallest === null || context < smallest.context) smallest = { judge, context };
      return input;
    },
    judge: (): J => {
      if (smallest === null) throw new Error("an engine that is open has been probed");
      return smallest.judge;
    },
  };
}

function createWorker(
  { name, current, recover, giveUp }: ReplaceableEngine,
  tuner: Tuner,
  watchOf: (engine: Engine, isNew: boolean) => ModelWatch,
): Worker<Task, Reading> {
  let watched = { engine: current(), watch: watchOf(current(), true) };
  const score = async (batch: readonly Task[], signal: AbortSignal): Promise<readonly Reading[]> => {
    const engine = current();
    // An engine that came back may have had nothing to do for long, and may have been replaced again.
    if (watched.engine !== engine) watched = { engine, watch: watchOf(engine, false) };
    try {
      return await watched.watch.guard(() => scoreBatch(engine, batch, signal), signal);
    } catch (error) {
      // The same server answers, so that opening it again would change nothing.
      if (error instanceof RequestError && error.kind === "wrong-model") giveUp(error.message);
      throw error;
    }
  };
  return {
    name,
    concurrency: () => tuner.setting().concurrency,
    batchSize: () => tuner.setting().promptsPerRequest,
    work: tuner.watch(score),
    died: () => current().died,
    recover,
  };
}
