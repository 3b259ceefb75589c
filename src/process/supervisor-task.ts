import type { KeepTask } from "./keeper.ts";

/** Environment variable of the supervisor that contains its task. */
export const TASK = "ABTIE_SUPERVISOR_TASK";

/** The work of a supervisor. */
export interface SupervisorTask {
  readonly command: string;
  readonly args: readonly string[];
  readonly graceMs: number;
  readonly logFile: string;
  /** The texts that the log must not contain. */
  readonly secrets: readonly string[];
  /** Keeps the server when abtie ends, from the moment on when abtie has written KEEP into the pipe; null: it is stopped. */
  readonly keep: KeepTask | null;
}

/** The line with which abtie tells the supervisor that the server is good enough to be kept. */
export const KEEP = "keep\n";
