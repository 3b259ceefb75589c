import type { Config } from "../config/config.ts";
import type { Queue } from "../deadline/order.ts";
import { planRun, withinBudget } from "../deadline/run-plan.ts";
import { sampleSizes } from "../deadline/sample.ts";
import { queueRows } from "../deadline/state.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import type { ForecastError } from "../forecast/history.ts";
import { estimateLengths } from "../judge/estimate-lengths.ts";
import { type Judge, judgeWarnings } from "../judge/judge.ts";
import { firstLevel } from "../pool/first-setting.ts";
import { type EnginePool, openEnginePool } from "../pool/pool.ts";
import type { PoolStatus } from "../pool/status.ts";
import type { Usage } from "../pool/usage.ts";
import { isAnswered } from "../runfolder/state/run-state.ts";
import { createDecisionLog } from "./decision-log.ts";
import { endAtLimit } from "./end-at-limit.ts";
import type { Seat } from "./escalator.ts";
import { type JobFailure, lowMassFailure } from "./failure.ts";
import { watchStart } from "./never-answered.ts";
import type { Job } from "./open-job.ts";
import { createPlanner, type Planner } from "./planner.ts";
import { type PreparedAhead, prepareAhead } from "./prepare-ahead.ts";
import { showProgress } from "./progress.ts";
import { createSwapChooser } from "./rank-rows.ts";
import { scoreRows } from "./score-rows.ts";
import type { RunEnd } from "./summary.ts";
import type { TimeLimits } from "./time-limits.ts";

/** The result of a session, without the answers, which are in the journal. */
export interface Session {
  readonly end: RunEnd;
  /** Why the job counts as failed; null for any other end. */
  readonly failure: JobFailure | null;
  /** Null when no engine was opened. */
  readonly engine: Engine | null;
  /** Null when nothing was answered. */
  readonly usage: Usage | null;
  readonly forecasts: readonly ForecastError[];
  /** Start of scoring, monotonic ms. */
  readonly scoringSince: number;
  /** The second of two judges; absent in a run with one, and when its engine was not to be started. */
  readonly second?: SecondSession;
}

/** The session of the second of two judges. */
export interface SecondSession {
  /** Null when its engine did not start. */
  readonly session: Session | null;
  /** Why the run counts as failed, although the answers of the first judge stand; null for any other end. */
  readonly failure: JobFailure | null;
  /** When its engine began to start, monotonic ms. */
  readonly began: number;
}

export interface SessionOptions {
  /** What the judge gets from a run with two; absent in a run with one. */
  readonly seat?: Seat;
  readonly limits: TimeLimits;
  /** Prompt tokens that the engine reads in a second, as a bench measured them, for the times in the plan; null when unknown. */
  readonly tokensPerSecond: number | null;
  /** The same for the engine of the second of two judges; absent or null when unknown. */
  readonly secondTokensPerSecond?: number | null;
  /** Start of the run, or of the second judge in it, whose engine begins to start then; monotonic ms. */
  readonly began: number;
  readonly effects: Effects;
}

/** Makes the session that ended before anything was scored. `now` is monotonic, ms. */
export function sessionWithoutScores(end: RunEnd, now: number): Session {
  return { end, failure: null, engine: null, usage: null, forecasts: [], scoringSince: now };
}

/**
 * Opens the engines, scores the prompts that are left, publishes, and stops the engines. A session in which the limits end a step
 * before the scoring holds what was known by then. Throws AbtieError: config, data, engine.
 */
export async function scoreOnEngines(job: Job, options: SessionOptions): Promise<Session> {
  const { clock } = options.effects;
  const start = await watchStart(job, options.limits, options.effects);
  const opened = await endAtLimit(options, () =>
    openAndScore(job, { ...options, effects: { ...options.effects, progress: start.progress } }),
  );
  const session = "stopped" in opened ? sessionWithoutScores(opened.stopped, clock.monotonic()) : opened.value;
  // A second judge that answers nothing leaves every row its first answer.
  if (options.seat?.hasFirstPass === false) return session;
  return { ...session, failure: session.failure ?? (await start.failureOf(session)) };
}

async function openAndScore(job: Job, options: SessionOptions): Promise<Session> {
  const { config, dataset, loader, folder, recorder, massWatch, threads, parts } = job;
  const { limits, effects } = options;
  const { clock } = effects;
  // The judge is opened before a server is started, so that mistakes in template and labels show early: a start takes
  // minutes.
  const early = loader.local ? await loader.open(null) : null;
  massWatch.begin();
  if (massWatch.stopped.aborted) {
    return { ...sessionWithoutScores("low-mass", clock.monotonic()), failure: await lowMassFailure(job, early) };
  }
  // Lengths are estimated before the server is started, so that the server does not wait for them.
  const lengths = early === null ? null : await estimateLengths(early, dataset, limits.signal);
  // Where no thread helps, the engine starts on the same cores, and preparing would delay it.
  using ahead =
    early === null || lengths === null || threads === 0 || options.seat?.hasFirstPass === false
      ? null
      : prepareAhead({ judge: early, queue: firstRows(job, lengths, early.budget), threads, clock });
  await using pool = await openEnginePool({
    config,
    loader,
    logFolder: folder.path,
    record: recorder.record,
    firstLevel: firstLevel({ rows: dataset.ids.length, isBounded: limits.wall !== null }),
    effects,
    signal: limits.signal,
    openers: parts.engineOpeners,
  });
  const scoring: { since: number | null } = { since: null };
  const scored = await endAtLimit(options, () => scoreOnPool(job, options, { pool, ahead, lengths, scoring }));
  if (!("stopped" in scored)) return scored.value;
  const { since } = scoring;
  return {
    ...sessionWithoutScores(scored.stopped, since ?? clock.monotonic()),
    engine: pool.first(),
    usage: since === null ? null : pool.usage(since),
  };
}

async function scoreOnPool(
  job: Job,
  options: SessionOptions,
  {
    pool,
    ahead,
    lengths,
    scoring,
  }: {
    readonly pool: EnginePool<Judge>;
    readonly ahead: PreparedAhead | null;
    readonly lengths: readonly number[] | null;
    /** Gets the start of scoring, monotonic ms, which is known also when the scoring ends in an error. */
    readonly scoring: { since: number | null };
  },
): Promise<Session> {
  const { config, dataset, folder, publisher, recorder, massWatch, threads } = job;
  const { limits, effects } = options;
  const judge = ahead?.usedBy(pool.judge) ?? pool.judge;
  const engine = pool.first();
  await folder.checkModel(pool.model);
  if (engine !== null) {
    const { version, method } = engine;
    recorder.record({ event: "engine-model", at: effects.clock.now(), model: pool.model.id, version, method });
  }
  for (const text of judgeWarnings(judge)) effects.log("warn", text);
  const tokens = lengths ?? (await estimateLengths(judge, dataset, limits.signal));
  const planner = planRows(job, options, { tokens, tokenBudget: judge.budget });
  let poolStatus: PoolStatus = "up";
  pool.subscribe((status) => {
    poolStatus = status;
    planner.onPoolStatus(status);
  });
  const scoringSince = effects.clock.monotonic();
  scoring.since = scoringSince;
  const deadlineAt = limits.wall?.deadlineAt ?? null;
  const { seat = null } = options;
  const show = (): void =>
    showProgress(
      { planner, state: folder.state, seat, counts: recorder.counts, massWatch, poolStatus, scoringSince, deadlineAt },
      effects,
    );
  const lowMass = massWatch.stopped;
  // The results are published before the engine is stopped, because a stop may take longer than the time until the
  // deadline. What the label mass says of them is known before that.
  const end = await scoreRows({
    config,
    planner,
    pool,
    judge,
    recorder,
    threads,
    effects,
    limits,
    lowMass,
    show,
  })
    .then((ended) => {
      if (ended === "done") massWatch.end();
      return ended;
    })
    .finally(async () => {
      await seat?.onScored?.();
      await publisher.close();
    });
  const isLow = lowMass.aborted && (end === "low-mass" || end === "done");
  return {
    end: isLow ? "low-mass" : end,
    failure: isLow ? await lowMassFailure(job, judge) : null,
    engine,
    usage: pool.usage(scoringSince),
    forecasts: planner.forecastErrors(),
    scoringSince,
  };
}

/** Queues the rows that are left as the planner will. */
function firstRows({ config, folder }: Job, lengths: readonly number[], budget: number): Queue {
  const tokens = withinBudget(lengths, budget);
  const answered = [...tokens.keys()].filter((row) => isAnswered(folder.state, row, "ab"));
  return queueRows({ tokens, answered, sample: sampleSizes(tokens.length), seed: config.seed }).queue;
}

/** Makes and journals the plan, and creates its planner. `tokens` are the estimated prompt tokens of every row. */
function planRows(
  { config, aggregate, folder, recorder }: Job,
  { limits, began, tokensPerSecond, seat, effects }: SessionOptions,
  { tokens, tokenBudget }: { readonly tokens: readonly number[]; readonly tokenBudget: number },
): Planner {
  const { clock, log } = effects;
  const hasFirstPass = seat?.hasFirstPass ?? true;
  const plan = planRun(hasFirstPass ? config : chosenAlone(config), {
    lengths: tokens,
    exact: null,
    tokenBudget,
    startedAt: effects.startedAt,
    timeLimits: limits.wall,
    tokensPerSecond,
  });
  recorder.record({ event: "plan", at: clock.now(), plan });
  const { state } = folder;
  const planner = createPlanner({
    plan,
    state,
    chooser: seat?.chooser ?? createSwapChooser({ config, state, aggregate }),
    hasFirstPass,
    clock,
    budget: limits.budget,
    startedAt: began,
    tokens,
    onDecision: createDecisionLog({ record: recorder.record, clock, log }),
  });
  seat?.onPlanner(planner, tokens);
  return planner;
}

/** The plan of a judge that gets chosen prompts alone has no ladder: what does not fit in time is not sent. */
function chosenAlone(config: Config): Config {
  return { ...config, orders: "both", time: { ...config.time, ladder: null } };
}
