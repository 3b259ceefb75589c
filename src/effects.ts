import type { Disk } from "./files/disk.ts";
import type { Machine } from "./files/holder.ts";
import type { Redactor } from "./secrets/redactor.ts";
import type { Clock, Log } from "./types.ts";

/** The progress of a long command: a named step with a text, or the number of rows that are scored. */
export type Progress =
  | { readonly stage: "step"; readonly name: string; readonly text: string }
  | {
      readonly stage: "score";
      /** Number of rows that are scored, out of `total`. */
      readonly done: number;
      readonly total: number;
      /** One line about rows, speed and remaining time. */
      readonly text: string;
      /** Shorter versions of `text` for narrow terminals, the longest first. */
      readonly shorter?: readonly string[];
    };

/**
 * The clock, the streams and the other effects that a command may use, except sockets and
 * the files that a job only reads, such as its config. They are passed in, so that tests can replace them.
 */
export interface Effects {
  /** Start of the program, ms since 1970. A deadline such as "9h" counts from this time. */
  readonly startedAt: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** This process and its machine, for locks and the journal. */
  readonly machine: Machine;
  /** Knows the secrets of the environment and of the configs that were opened, and removes them from texts. */
  readonly redactor: Redactor;
  readonly nodeVersion: string;
  readonly clock: Clock;
  /** Holds the run folder and the submission. */
  readonly disk: Disk;
  /** Returns a uniform random number in [0, 1). It is used for waits and names, never for results. */
  readonly random: () => number;
  /** Aborts when the person or the system interrupts the program. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly progress: (event: Progress) => void;
  /** Makes the process end at a moment, even if its job hangs. A later call replaces the earlier one. */
  readonly armWatchdog: (watch: Watch) => void;
}

/** The moment at which a job is ended from outside, and what is then said. */
export interface Watch {
  /** The job is ended at this time, ms since 1970. */
  readonly at: number;
  /** By this time (ms since 1970) the process and everything that it started have ended. */
  readonly deadlineAt: number;
  /** The submission of the run; null while the config is not read yet. */
  readonly output: string | null;
  /** True when a complete submission for the rows of this run is in place. */
  readonly complete: boolean;
}
