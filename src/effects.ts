import type { Clock, Log } from "./types.ts";

/** What a long command tells about how far it is. */
export type Progress =
  | { readonly stage: "step"; readonly name: string; readonly text: string }
  | {
      readonly stage: "score";
      readonly done: number;
      readonly total: number;
      /** The one line about rows, speed and time. */
      readonly text: string;
      /** The same with less and less in it, for terminals that are too narrow. */
      readonly shorter?: readonly string[];
    };

/** Everything of the outside world that a command may touch besides files and sockets; passed in, so that tests can replace it. */
export interface Effects {
  /** When the program began, ms since 1970: a deadline of "9h" counts from here. */
  readonly startedAt: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly nodeVersion: string;
  readonly clock: Clock;
  /** Uniform in [0, 1); only for waits and names, never for results. */
  readonly random: () => number;
  /** Aborts when the person or the system wants an end. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly progress: (event: Progress) => void;
  /** Arms the last safeguard: at this time (ms since 1970) the process ends; `file` is the complete file in place. */
  readonly guard: (at: number, file: string) => void;
}
