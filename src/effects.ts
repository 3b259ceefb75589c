import type { Clock, Log } from "./types.ts";

/** The progress of a long command: a named step with a text, or the rows that are scored. */
export type Progress =
  | { readonly stage: "step"; readonly name: string; readonly text: string }
  | {
      readonly stage: "score";
      /** Rows that are scored, of `total`. */
      readonly done: number;
      readonly total: number;
      /** One line about rows, speed and time. */
      readonly text: string;
      /** Shorter versions of `text`, longest first, for narrow terminals. */
      readonly shorter?: readonly string[];
    };

/** The parts of the outside world that a command may use besides files and sockets; passed in, so that tests can replace them. */
export interface Effects {
  /** Start of the program, ms since 1970: a deadline of "9h" counts from here. */
  readonly startedAt: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly nodeVersion: string;
  readonly clock: Clock;
  /** Returns a uniform number in [0, 1); used for waits and names, never for results. */
  readonly random: () => number;
  /** Aborts when the person or the system interrupts the program. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly progress: (event: Progress) => void;
  /** Makes the process end at a time (ms since 1970), whatever this thread does then; `file` is the complete file in place. */
  readonly armWatchdog: (at: number, file: string) => void;
}
