/**
 * What the two threads of the process tell each other. The job runs in a worker thread; the main thread only prints,
 * passes signals on and keeps the guard, so that neither a busy job nor a hung one can hold the process.
 */
export type FromJob =
  | { readonly type: "print"; readonly stream: "stdout" | "stderr"; readonly text: string }
  /** At this time (ms since 1970) the process ends with EXIT.fallback, whatever the job does; see watchGuard. */
  | { readonly type: "guard"; readonly at: number; readonly file: string }
  | { readonly type: "exit"; readonly status: number };

export type ToJob =
  | { readonly type: "abort"; readonly signal: string }
  /** The terminal has another width now. */
  | { readonly type: "columns"; readonly columns: number };

/** What the job is started with. */
export interface JobData {
  readonly argv: readonly string[];
  /** When the process began, ms since 1970. */
  readonly startedAt: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Width of the terminal behind stderr, null when it is none. */
  readonly columns: number | null;
}
