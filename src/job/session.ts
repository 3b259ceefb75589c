import { lowMassFailure } from "./failure.ts";
import { inSession } from "./in-session.ts";
import type { Job } from "./open-job.ts";
import { type Session, type SessionOptions, scoreOnEngines, sessionWithoutScores } from "./score-on-engines.ts";
import { joined, lowMassOfSecond, scoreWithTwo } from "./two-judges.ts";

/**
 * Returns the session of a run in which nothing was left to score. It starts no engine, but still counts as failed if the labels got
 * almost no probability, those of the second judge too. `now` is monotonic, ms.
 */
export async function finishedSession(job: Job, now: number): Promise<Session> {
  const { massWatch, loader } = job;
  massWatch.end();
  if (!massWatch.stopped.aborted) {
    const done = sessionWithoutScores("done", now);
    const { second, config } = job;
    if (second === null || config.escalation === null || !second.job.massWatch.stopped.aborted) return done;
    return joined(done, await lowMassOfSecond(second, config.escalation.names[1], now));
  }
  const judge = loader.local ? await loader.open(null) : null;
  return { ...sessionWithoutScores("low-mass", now), failure: await lowMassFailure(job, judge) };
}

/**
 * Opens the engines, scores the prompts that are left, and closes everything again. However the session ends, the files and the
 * journal hold all its answers. An abort is an ordinary end and throws nothing. Throws AbtieError: config, data, engine.
 */
export async function runSession(job: Job, options: SessionOptions): Promise<Session> {
  return inSession(job, options, () =>
    job.second === null ? scoreOnEngines(job, options) : scoreWithTwo(job, job.second, options),
  );
}
