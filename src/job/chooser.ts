import type { SwapRow } from "../deadline/swap-pass.ts";
import type { Order } from "../types.ts";

/** Chooses which prompts follow the first pass of a judge. */
export interface Chooser {
  /** Lists the prompts, the most valuable first. */
  readonly rank: () => readonly SwapRow[];
  /**
   * Decides whether a new ranking is worth making: `ageMs` is the age of the last one, and `isUsedUp` is true when all its prompts are
   * taken.
   */
  readonly isStale: (last: { readonly ageMs: number; readonly isUsedUp: boolean }) => boolean;
  /** True while a ranking without prompts may still get some. */
  readonly mayGrow: () => boolean;
  /** Called when a prompt of the row is taken, and when its outcome is in the state of the run. */
  readonly onTaken?: (row: number) => void;
  readonly onEnded?: (row: number, order: Order) => void;
}
