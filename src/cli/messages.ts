/*
 * The messages between the two threads of the process. The job runs in a worker thread. The main thread only prints,
 * passes signals to the job and runs the watchdog, so that neither a busy job nor a hung job can block the process.
 */

/** A message from the job to the main thread. */
export type FromJob =
  | { readonly type: "print"; readonly stream: "stdout" | "stderr"; readonly text: string }
  /**
   * The process must end with EXIT.fallback at this time (ms since 1970), even if the job hangs; see createWatchdog.
   */
  | { readonly type: "watchdog"; readonly at: number; readonly file: string }
  | { readonly type: "exit"; readonly status: number };

/** A message from the main thread to the job. */
export type ToJob =
  | { readonly type: "abort"; readonly signal: string }
  /** The width of the terminal has changed. */
  | { readonly type: "columns"; readonly columns: number };

/** The data with which the job is started. */
export interface JobData {
  readonly argv: readonly string[];
  /** Start of the process, ms since 1970. */
  readonly startedAt: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Width of the terminal that shows stderr, in characters; null when stderr is not a terminal. */
  readonly columns: number | null;
}
