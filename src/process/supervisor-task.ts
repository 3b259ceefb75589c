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
}
