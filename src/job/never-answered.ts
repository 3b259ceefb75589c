import { join } from "node:path";
import { allEnded } from "../all-ended.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { endOfLog } from "../engine/life/server-ended.ts";
import { logSize } from "../engine/life/server-log.ts";
import { type JobFailure, neverAnsweredFailure } from "./failure.ts";
import { serverLogs } from "./job-files.ts";
import type { Job } from "./open-job.ts";
import type { RunEnd } from "./summary.ts";
import type { TimeLimits } from "./time-limits.ts";

/** Watches how the engines of a session start, to explain a session in which none of them answered a row. */
export interface StartWatch {
  /** Gets the progress of the session, and hands it on. */
  readonly progress: Effects["progress"];
  /** Describes a session that ended although no row of the run was ever answered; null for any other. */
  readonly failureOf: (session: { readonly end: RunEnd; readonly engine: Engine | null }) => Promise<JobFailure | null>;
}

/** Creates the watch of a session that begins now. */
export async function watchStart(
  { config, folder, recorder }: Job,
  limits: Pick<TimeLimits, "wall">,
  { disk, progress }: Pick<Effects, "disk" | "progress">,
): Promise<StartWatch> {
  // Earlier sessions wrote into the same logs, and their servers ended for other reasons.
  const logs = await allEnded(
    serverLogs(config).map(async (name) => {
      const path = join(folder.path, name);
      return { path, begin: await logSize(path, disk) };
    }),
  );
  let lastStage: string | null = null;
  return {
    progress: (event) => {
      if (event.stage === "step") lastStage = `${event.name}: ${event.text}`;
      progress(event);
    },
    failureOf: async ({ end, engine }) => {
      if ((end !== "engine-lost" && end !== "deadline") || folder.state.orders.ab.answered > 0) return null;
      const lastError = recorder.counts.failing?.message ?? null;
      const logEnds = await allEnded(logs.map(({ path, begin }) => endOfLog(path, begin, disk)));
      const { wall } = limits;
      const workMs = wall === null ? null : wall.workEndAt - wall.startedAt;
      return neverAnsweredFailure({
        end,
        workMs,
        started: engine !== null,
        lastStage,
        lastError,
        logEnd: logEnds.flat(),
      });
    },
  };
}
