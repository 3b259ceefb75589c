import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import type { JudgeLoader } from "../judge/judge.ts";
import type { Aggregate } from "../judge/outcome.ts";
import { estimateLengths } from "../judge/prompt-lengths.ts";
import { openEnginePool } from "../pool/pool.ts";
import type { Usage } from "../pool/usage.ts";
import type { RunFolder } from "../runfolder/open-run-folder.ts";
import { createDecisionLog } from "./decision-log.ts";
import type { ForecastError } from "./forecast-errors.ts";
import { ladderOf } from "./ladder.ts";
import { createPlanner, type Planner } from "./planner.ts";
import { showProgress } from "./progress.ts";
import type { Publisher } from "./publisher.ts";
import { createRecorder, type SessionCounts } from "./recorder.ts";
import { scoreRows } from "./score-rows.ts";
import type { RunEnd } from "./summary.ts";
import type { TimeLimits } from "./time-limits.ts";

/** What a session did. */
export interface Session {
  readonly end: RunEnd;
  readonly tally: SessionCounts;
  readonly engine: Engine | null;
  readonly usage: Usage | null;
  readonly forecasts: readonly ForecastError[];
  /** Monotonic ms. */
  readonly scoringSince: number;
}

/** What there is to tell when nothing was left to score. */
export function emptySession(now: number): Session {
  const tally = { scoredPrompts: 0, promptTokens: 0, requests: 0, failedRequests: 0 };
  return { end: "done", tally, engine: null, usage: null, forecasts: [], scoringSince: now };
}

/**
 * Opens the engines, scores what is left, and closes everything again; the board and the journal hold the results whatever
 * happens. An abort is an end like others. Throws AbtieError: config, engine.
 */
export async function runSession(options: {
  config: Config;
  opener: JudgeLoader;
  dataset: Dataset;
  folder: RunFolder;
  board: Publisher;
  judge: Aggregate;
  limits: TimeLimits;
  /** When the run began, monotonic ms. */
  began: number;
  effects: Effects;
}): Promise<Session> {
  const { config, opener, dataset, folder, board, judge, limits, began, effects } = options;
  const { clock } = effects;
  const { state, journal } = folder;
  let planner: Planner | null = null;
  let end: RunEnd = "done";
  let failed = false;
  let scoringSince = clock.monotonic();
  let engine: Engine | null = null;
  let usage: Usage | null = null;
  const stopped = (): "interrupted" | "deadline" => (effects.signal.aborted ? "interrupted" : "deadline");
  const recorder = createRecorder({
    ...{ journal, state, board, clock },
    onOutcome: (task, answered) => planner?.told(task, answered),
    givenUp: stopped,
  });
  folder.begin(Math.round(effects.startedAt));
  if (limits.wall !== null) {
    const { startedAt, workEndAt, guardAt, deadlineAt } = limits.wall;
    recorder.record({ event: "time-limits", at: clock.now(), startedAt, workEndAt, guardAt, deadlineAt });
  }
  try {
    // Mistakes in template and labels are found before minutes go into the start of a server.
    const early = opener.local ? await opener.open(null) : null;
    // Here rather than when the server is ready: it would wait for us.
    const lengths = early === null ? null : await estimateLengths(early, dataset, limits.signal);
    await using slots = await openEnginePool({
      ...{ config, opener, folder, recorder, effects, signal: limits.signal },
      onEngines: (up, lost) => planner?.engine(up, lost),
    });
    engine = slots.first();
    if (engine !== null) {
      const { model, version, method } = engine;
      recorder.record({ event: "engine-model", at: clock.now(), model, version, method });
    }
    const { judging } = slots;
    const ladder = ladderOf(config, judging.budget);
    const tokens = lengths ?? (await estimateLengths(judging, dataset, limits.signal));
    const scoring = createPlanner({
      ...{ config, state, judge, clock, budget: limits.budget, startedAt: began },
      steps: ladder,
      tokens: tokens.map((full) => Math.min(full, judging.budget)),
      onDecision: createDecisionLog({ record: recorder.record, clock, log: effects.log }),
    });
    recorder.record({ event: "plan", at: clock.now(), plan: { ladder } });
    scoring.engine(true, false);
    planner = scoring;
    scoringSince = clock.monotonic();
    try {
      const show = (): void => showProgress(scoring, state, recorder.tally, scoringSince, effects);
      end = await scoreRows({ config, planner: scoring, slots, recorder, effects, limits, show });
      usage = slots.usage(scoringSince);
    } finally {
      // Before the engine is stopped, which may take longer than what is left until the deadline.
      await board.close();
    }
  } catch (error) {
    failed = !limits.signal.aborted;
    if (failed) throw error;
    end = stopped();
  } finally {
    await board.close();
    recorder.record({ event: "session-end", at: clock.now(), status: failed ? "failed" : end });
    await journal.checkpoint();
  }
  return { end, tally: recorder.tally, engine, usage, forecasts: planner?.forecastErrors() ?? [], scoringSince };
}
