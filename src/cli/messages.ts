import type { Watch } from "../effects.ts";

/*
 * The messages between the two processes of a command. The job process runs the command. The guard process, which the
 * person started, prints, passes signals on and runs the watchdog, so that no job can hold the terminal or the deadline.
 */

/** A message from the job to the guard. */
export type FromJob =
  | { readonly type: "print"; readonly stream: "stdout" | "stderr"; readonly text: string }
  /** Sets or moves the moment at which the guard ends the job; see createWatchdog. */
  | { readonly type: "watchdog"; readonly watch: Watch }
  | { readonly type: "exit"; readonly status: number };

/** A message from the guard to the job. */
export type ToJob =
  /** The first message. */
  | ({ readonly type: "start" } & JobData)
  | { readonly type: "abort"; readonly signal: string }
  /** The width of the terminal has changed. */
  | { readonly type: "columns"; readonly columns: number };

/** The data with which the job is started. */
export interface JobData {
  readonly argv: readonly string[];
  /** Start of the guard, ms since 1970. */
  readonly startedAt: number;
  /** Width of the terminal that shows stderr, in characters; null when stderr is not a terminal. */
  readonly columns: number | null;
  /** Variables of the environment that are for the job process alone, and not for what it starts. */
  readonly unset: readonly string[];
}
