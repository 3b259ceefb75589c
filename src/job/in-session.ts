import type { Job } from "./open-job.ts";
import type { Session, SessionOptions } from "./score-on-engines.ts";
import type { RunEnd } from "./summary.ts";

/** Records the begin and the end of a session in the journal of a job, and publishes its results, however `work` ends. */
export async function inSession<S extends Pick<Session, "end">>(
  { folder, publisher, recorder }: Job,
  { limits, effects }: Pick<SessionOptions, "limits" | "effects">,
  work: () => Promise<S>,
): Promise<S> {
  const { clock } = effects;
  folder.begin(Math.round(effects.startedAt));
  if (limits.wall !== null) {
    const { startedAt, workEndAt, watchdogAt, deadlineAt } = limits.wall;
    recorder.record({ event: "time-limits", at: clock.now(), startedAt, workEndAt, watchdogAt, deadlineAt });
  }
  let status: RunEnd | "failed" = "failed";
  try {
    const session = await work();
    status = session.end;
    return session;
  } finally {
    await publisher.close();
    recorder.record({ event: "session-end", at: clock.now(), status });
    await folder.journal.checkpoint();
  }
}
