import { allEnded } from "../all-ended.ts";
import type { Escalation } from "../config/config.ts";
import { takeTurns } from "../config/judges.ts";
import { mayScoreBothOrders } from "../deadline/run-plan.ts";
import { AbtieError } from "../errors.ts";
import type { EscalationPlan } from "../escalate/plan.ts";
import { plural } from "../format.ts";
import type { Clock } from "../types.ts";
import { knownStart, withBenches } from "./engine-guesses.ts";
import { createEscalator, type EngineSharing, type Escalator, type Seat, stepsOf } from "./escalator.ts";
import { lowMassFailure, secondNotReadyFailure } from "./failure.ts";
import { inSession } from "./in-session.ts";
import type { Job, SecondJob } from "./open-job.ts";
import {
  type SecondSession,
  type Session,
  type SessionOptions,
  scoreOnEngines,
  sessionWithoutScores,
} from "./score-on-engines.ts";
import type { RunEnd } from "./summary.ts";

/**
 * Scores the rows with two judges: the first judges every row, and the second those for which it is worth most. Engines that abtie
 * starts take turns: the first is stopped when the plan says so, or not at all. Others work side by side. When the second engine does
 * not start, the answers of the first stand, and the session counts as failed. Throws AbtieError: config, data, engine.
 */
export async function scoreWithTwo(job: Job, second: SecondJob, options: SessionOptions): Promise<Session> {
  const { escalation } = job.config;
  if (escalation === null) throw new Error("a job with a second judge has the config of that judge");
  const sharing = takeTurns(job.config, escalation.second) ? "turns" : "side-by-side";
  const work: TwoJudges = { job, second, escalation, ...startedWith(job, second, escalation, sharing, options) };
  switch (sharing) {
    case "turns":
      return scoreInTurns(work, options);
    case "side-by-side":
      return scoreSideBySide(work, options);
    default:
      return sharing satisfies never;
  }
}

interface TwoJudges {
  readonly job: Job;
  readonly second: SecondJob;
  readonly escalation: Escalation;
  readonly escalator: Escalator;
  /** The seats of the escalator, which also measure how long the engines take to start. */
  readonly seats: readonly [first: Seat, second: Seat];
  /** When the engine of the second began to start: with the session, or in turns when that of the first began to stop; monotonic ms. */
  readonly freeSince: () => number;
}

function startedWith(
  { config, folder, publisher, recorder }: Job,
  { job: second, model, pilot }: SecondJob,
  { names }: Escalation,
  sharing: EngineSharing,
  { limits, tokensPerSecond, secondTokensPerSecond = null, effects: { clock } }: SessionOptions,
): Pick<TwoJudges, "escalator" | "seats" | "freeSince"> {
  let firstStartUp = knownStart(config, folder.state);
  let freeSince = clock.monotonic();
  const secondsSince = (): number => (clock.monotonic() - freeSince) / 1_000;
  const escalator = createEscalator({
    names,
    states: [folder.state, second.folder.state],
    model,
    pilot: withBenches(pilot, [tokensPerSecond, secondTokensPerSecond]),
    combinedOf: publisher.combined,
    steps: stepsOf(config),
    asksAll: config.orders === "both",
    sharing,
    budget: limits.budget,
    startUpSeconds: [() => firstStartUp, knownStart(second.config, second.folder.state)],
    clock,
  });
  const [one, other] = escalator.seats;
  const first: Seat = {
    ...one,
    onPlanner: (planner, tokens) => {
      firstStartUp = journalStart({ config, recorder }, secondsSince(), clock) ?? firstStartUp;
      one.onPlanner(planner, tokens);
    },
    onScored: () => {
      // The stop of the first engine is a part of the start of the second.
      if (sharing === "turns") freeSince = clock.monotonic();
    },
  };
  const last: Seat = {
    ...other,
    // The results of the run hold the answers of the second, and its own publisher does not write them.
    onScored: publisher.close,
    onPlanner: (planner, tokens) => {
      journalStart(second, secondsSince(), clock);
      other.onPlanner(planner, tokens);
    },
  };
  return { escalator, seats: [first, last], freeSince: () => freeSince };
}

/** Journals how long an engine took to start, s, and gives it back; null for one that was running already, which shows nothing. */
function journalStart(
  { config, recorder }: Pick<Job, "config" | "recorder">,
  seconds: number,
  clock: Clock,
): number | null {
  if (config.engine.kind !== "spawn") return null;
  recorder.record({ event: "start-up", at: clock.now(), seconds });
  return seconds;
}

async function scoreInTurns(work: TwoJudges, options: SessionOptions): Promise<Session> {
  const { job, second, escalation, escalator, seats } = work;
  const { clock, log } = options.effects;
  const { rows, orders } = job.folder.state;
  const resumed = escalator.plan();
  const first =
    orders.ab.answered < rows || (resumed.action === "ask" && resumed.steps[0].length > 0)
      ? await scoreOnEngines(job, { ...options, seat: seats[0] })
      : sessionWithoutScores("done", clock.monotonic());
  if (first.end !== "done" || first.failure !== null) return first;
  const [name, other] = escalation.names;
  if (second.job.massWatch.stopped.aborted)
    return joined(first, await lowMassOfSecond(second, other, clock.monotonic()));
  const { steps, choice } = escalator.plan();
  if (steps[1].length === 0) {
    log("info", `the judge ${other} is not started: ${whyNotStarted(choice)}`);
    return withoutSecond(first, second, other, clock.monotonic());
  }
  const promised = plural(steps[1].length, "answer");
  log("info", `the engine of ${name} is stopped, and that of ${other} starts: ${promised} of it are planned`);
  escalator.firstIsOver();
  return joined(first, await scoreSecond(work, second, options));
}

/** Ends a session in which the second judge was not started: its earlier answers still show whether its labels get any probability. */
async function withoutSecond(first: Session, second: SecondJob, name: string, now: number): Promise<Session> {
  const { massWatch, folder } = second.job;
  if (folder.state.orders.ab.answered > 0) massWatch.end();
  return massWatch.stopped.aborted ? joined(first, await lowMassOfSecond(second, name, now)) : first;
}

/** Says why the plan has no answer of the second judge. `choice` is that of the plan. */
export function whyNotStarted(choice: EscalationPlan["choice"]): string {
  return choice !== null && choice.stay > 0 && choice.stay >= choice.change
    ? "the swapped order of the first judge brings more in the time left"
    : "no row gains from it, or the time left does not pay for its start";
}

async function scoreSideBySide(work: TwoJudges, options: SessionOptions): Promise<Session> {
  const { job, second, escalator, seats } = work;
  const halt = new AbortController();
  const signal = AbortSignal.any([options.limits.signal, halt.signal]);
  const limited: SessionOptions = { ...options, limits: { ...options.limits, signal } };
  const haltOnError = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      halt.abort(error);
      throw error;
    }
  };
  const scoreFirst = async (): Promise<Session> => {
    try {
      if (!isFirstNeeded(job)) return sessionWithoutScores("done", options.effects.clock.monotonic());
      return await scoreOnEngines(job, { ...limited, seat: seats[0] });
    } finally {
      escalator.firstIsOver();
    }
  };
  const results: { first: Session | null; second: SecondSession | null } = { first: null, second: null };
  await allEnded([
    haltOnError(scoreFirst()).then((session) => {
      results.first = session;
    }),
    haltOnError(scoreSecond(work, second, limited, halt.signal)).then((session) => {
      results.second = session;
    }),
  ]);
  if (results.first === null || results.second === null) throw new Error("both judges have ended");
  return joined(results.first, results.second);
}

function isFirstNeeded({ config, folder: { state } }: Job): boolean {
  const { ab, ba } = state.orders;
  return ab.answered < state.rows || (mayScoreBothOrders(config) && ba.answered < state.rows);
}

async function scoreSecond(
  { escalation, escalator, seats, freeSince }: TwoJudges,
  { job }: SecondJob,
  options: SessionOptions,
  /** Aborts with the error of the first judge, which ends the run. */
  halted: AbortSignal | null = null,
): Promise<SecondSession> {
  const { effects } = options;
  const began = freeSince();
  const [name, other] = escalation.names;
  try {
    const session = await inSession(job, options, async () => {
      const own = { ...options, began, tokensPerSecond: options.secondTokensPerSecond ?? null, seat: seats[1] };
      const scored = await scoreOnEngines(job, own);
      throwIfHalted(scored.end, halted);
      return scored;
    });
    if (session.end === "deadline" && session.engine === null) {
      effects.log(
        "warn",
        `the engine of ${other} was not ready before the time for work was over: the answers of ${name} stand`,
      );
    }
    return asSecond(session, other, began);
  } catch (error) {
    if (halted?.aborted || !(error instanceof AbtieError) || error.code !== "engine") throw error;
    const failure = secondNotReadyFailure([name, other], error);
    effects.log("error", failure.message);
    return { session: null, failure, began };
  } finally {
    escalator.secondIsOver();
  }
}

/** Throws the error of the first judge when it ended the session of the second, which looks like a deadline: any other end came before. */
export function throwIfHalted(end: RunEnd, halted: AbortSignal | null): void {
  if (end === "deadline") halted?.throwIfAborted();
}

/** Makes the session of a second judge whose labels got almost no probability in earlier sessions. `now` is monotonic, ms. */
export async function lowMassOfSecond({ job }: SecondJob, name: string, now: number): Promise<SecondSession> {
  const judge = job.loader.local ? await job.loader.open(null) : null;
  return asSecond({ ...sessionWithoutScores("low-mass", now), failure: await lowMassFailure(job, judge) }, name, now);
}

function asSecond(session: Session, name: string, began: number): SecondSession {
  const { failure } = session;
  const named = failure === null ? null : { ...failure, message: `${name}: ${failure.message}` };
  return { session, failure: named, began };
}

/** The session of a run whose judges have both ended. What stopped the first judge stopped the run. */
export function joined(first: Session, second: SecondSession): Session {
  const end = first.end === "done" ? (second.session?.end ?? "engine-lost") : first.end;
  return { ...first, end, failure: first.failure ?? second.failure, second };
}
