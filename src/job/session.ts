import { join } from "node:path";
import { planRun } from "../deadline/run-plan.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { endOfLog } from "../engine/life/server-ended.ts";
import type { Disk } from "../files/disk.ts";
import type { ForecastError } from "../forecast/history.ts";
import { estimateLengths } from "../judge/estimate-lengths.ts";
import { judgeWarnings } from "../judge/judge.ts";
import { openEnginePool } from "../pool/pool.ts";
import type { PoolStatus } from "../pool/status.ts";
import type { Usage } from "../pool/usage.ts";
import { createDecisionLog } from "./decision-log.ts";
import { type JobFailure, lowMassFailure, neverAnsweredFailure } from "./failure.ts";
import { serverLogs } from "./job-files.ts";
import type { Job } from "./open-job.ts";
import { createPlanner } from "./planner.ts";
import { showProgress } from "./progress.ts";
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
}

/**
 * Returns the session of a run in which nothing was left to score. It starts no engine, but still counts as failed if the labels got
 * almost no probability. `now` is monotonic, ms.
 */
export async function finishedSession(job: Job, now: number): Promise<Session> {
  const { massWatch, loader } = job;
  massWatch.end();
  const session = emptySession(now);
  if (!massWatch.stopped.aborted) return session;
  const judge = loader.local ? await loader.open(null) : null;
  return { ...session, end: "low-mass", failure: await lowMassFailure(job, judge) };
}

function emptySession(now: number): Session {
  return { end: "done", failure: null, engine: null, usage: null, forecasts: [], scoringSince: now };
}

interface SessionOptions {
  readonly limits: TimeLimits;
  /** Prompt tokens that the engine reads in a second, as a bench measured them, for the times in the plan; null when unknown. */
  readonly tokensPerSecond: number | null;
  /** Start of the run, monotonic ms. */
  readonly began: number;
  readonly effects: Effects;
}

/**
 * Opens the engines, scores the prompts that are left, and closes everything again. However the session ends, the files and the
 * journal hold all its answers. An abort is an ordinary end and throws nothing. Throws AbtieError: config, engine.
 */
export async function runSession(job: Job, options: SessionOptions): Promise<Session> {
  const { folder, publisher, recorder } = job;
  const { limits, effects } = options;
  const { clock } = effects;
  folder.begin(Math.round(effects.startedAt));
  if (limits.wall !== null) {
    const { startedAt, workEndAt, watchdogAt, deadlineAt } = limits.wall;
    recorder.record({ event: "time-limits", at: clock.now(), startedAt, workEndAt, watchdogAt, deadlineAt });
  }
  let status: RunEnd | "failed" = "failed";
  try {
    const session = await scoreOnEngines(job, options);
    status = session.end;
    return session;
  } finally {
    await publisher.close();
    recorder.record({ event: "session-end", at: clock.now(), status });
    await folder.journal.checkpoint();
  }
}

async function scoreOnEngines(job: Job, { limits, began, tokensPerSecond, effects }: SessionOptions): Promise<Session> {
  const { config, dataset, loader, aggregate, folder, publisher, recorder, massWatch, parts } = job;
  const { clock, log } = effects;
  let session = emptySession(clock.monotonic());
  let lastStage: string | null = null;
  const watchStages: Effects["progress"] = (event) => {
    if (event.stage === "step") lastStage = `${event.name}: ${event.text}`;
    effects.progress(event);
  };
  const withFailure = async (ended: Session): Promise<Session> => {
    const { answered } = folder.state.orders.ab;
    if ((ended.end !== "engine-lost" && ended.end !== "deadline") || answered > 0) return ended;
    const { end, engine } = ended;
    const lastError = recorder.counts.failing?.message ?? null;
    const logEnd = await endOfLogs(job, effects.disk);
    const failure = neverAnsweredFailure({ end, started: engine !== null, lastStage, lastError, logEnd });
    return { ...ended, failure };
  };
  try {
    // The judge is opened before a server is started, so that mistakes in template and labels show early: a start takes
    // minutes.
    const early = loader.local ? await loader.open(null) : null;
    massWatch.begin();
    if (massWatch.stopped.aborted) return { ...session, end: "low-mass", failure: await lowMassFailure(job, early) };
    // Lengths are estimated before the server is started, so that the server does not wait for them.
    const lengths = early === null ? null : await estimateLengths(early, dataset, limits.signal);
    await using pool = await openEnginePool({
      config,
      loader,
      logFolder: folder.path,
      record: recorder.record,
      effects: { ...effects, progress: watchStages },
      signal: limits.signal,
      openers: parts.engineOpeners,
    });
    const engine = pool.first();
    session = { ...session, engine };
    await folder.checkModel(pool.model);
    if (engine !== null) {
      const { version, method } = engine;
      recorder.record({ event: "engine-model", at: clock.now(), model: pool.model.id, version, method });
    }
    const { judge } = pool;
    for (const text of judgeWarnings(judge)) log("warn", text);
    const tokens = lengths ?? (await estimateLengths(judge, dataset, limits.signal));
    const plan = planRun(config, {
      lengths: tokens,
      exact: null,
      tokenBudget: judge.budget,
      startedAt: effects.startedAt,
      timeLimits: limits.wall,
      tokensPerSecond,
    });
    recorder.record({ event: "plan", at: clock.now(), plan });
    const planner = createPlanner({
      plan,
      config,
      state: folder.state,
      aggregate,
      clock,
      budget: limits.budget,
      startedAt: began,
      tokens,
      onDecision: createDecisionLog({ record: recorder.record, clock, log }),
    });
    let poolStatus: PoolStatus = "up";
    pool.subscribe((status) => {
      poolStatus = status;
      planner.onPoolStatus(status);
    });
    const scoringSince = clock.monotonic();
    session = { ...session, scoringSince };
    const deadlineAt = limits.wall?.deadlineAt ?? null;
    const show = (): void =>
      showProgress(
        { planner, state: folder.state, counts: recorder.counts, massWatch, poolStatus, scoringSince, deadlineAt },
        effects,
      );
    try {
      const lowMass = massWatch.stopped;
      const end = await scoreRows({ config, planner, pool, recorder, effects, limits, lowMass, show });
      if (end === "done") massWatch.end();
      session = { ...session, end, usage: pool.usage(scoringSince) };
      if (lowMass.aborted && (end === "low-mass" || end === "done")) {
        session = { ...session, end: "low-mass", failure: await lowMassFailure(job, judge) };
      }
    } finally {
      session = { ...session, forecasts: planner.forecastErrors() };
      // The results are published before the engine is stopped, because a stop may take longer than the time until the
      // deadline.
      await publisher.close();
    }
    return await withFailure(session);
  } catch (error) {
    if (!limits.signal.aborted) throw error;
    return withFailure({ ...session, end: effects.signal.aborted ? "interrupted" : "deadline" });
  }
}

/** Reads the ends of the logs of the servers that abtie started. */
async function endOfLogs({ config, folder }: Job, disk: Disk): Promise<readonly string[]> {
  const ends = await Promise.all(serverLogs(config).map((name) => endOfLog(join(folder.path, name), disk)));
  return ends.flat();
}
