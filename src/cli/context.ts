import type { Effects } from "../effects.ts";

/** What a command of the command line gets beside its options. */
export interface Context extends Effects {
  /** Writes data to stdout. */
  readonly print: (text: string) => void;
  /** Writes lines to stderr for the person. */
  readonly say: (text: string) => void;
}
