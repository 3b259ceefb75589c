import type { Config } from "../config/config.ts";
import type { OrderPair } from "../deadline/pairs.ts";
import type { SwapRow } from "../deadline/swap-pass.ts";
import { type Candidate, rankForSwapPass } from "../deadline/swap-ranking.ts";
import type { Aggregate } from "../judge/outcome.ts";
import { type RunState, readingOf, tokenBudgetOf } from "../runfolder/state/run-state.ts";
import type { Chooser } from "./chooser.ts";

/** A ranking of the rows for the swapped order is valid for this long (ms). */
const RANKING_MS = 60_000;

/** Creates the chooser of a run with one judge: the swapped order of the rows for which it is worth most. */
export function createSwapChooser(options: Parameters<typeof rankRows>[0]): Chooser {
  const { ab } = options.state.orders;
  let ranked = 0;
  return {
    rank: () => {
      ranked = ab.answered;
      return rankRows(options);
    },
    // Rows that were in flight at the last ranking need a new one, because they would otherwise never get the swapped order.
    isStale: ({ ageMs }) => ab.answered > ranked || ageMs > RANKING_MS,
    mayGrow: () => false,
  };
}

/** Ranks the rows that have one answer by the expected gain of the swapped order per token; see deadline/swap-ranking.ts. */
function rankRows(options: {
  readonly config: Pick<Config, "calibration">;
  readonly state: RunState;
  readonly aggregate: Aggregate;
}): readonly SwapRow[] {
  const { config, state, aggregate } = options;
  const candidates: Candidate[] = [];
  const pairs: OrderPair[] = [];
  for (let row = 0; row < state.rows; row += 1) {
    const first = readingOf(state, row, "ab");
    if (first === null) continue;
    const second = readingOf(state, row, "ba");
    const { probabilities } = aggregate({ ab: first, ba: null });
    if (second !== null)
      pairs.push({ first: probabilities, second: aggregate({ ab: null, ba: second }).probabilities });
    else candidates.push({ row, probabilities, tokens: state.orders.ab.tokens[row] ?? 0 });
  }
  const ranked = rankForSwapPass(candidates, {
    scale: config.calibration === null ? "raw" : "calibrated",
    pairs,
    costOf: (tokens) => tokens,
  });
  return ranked.map(({ row, tokens }) => ({
    row,
    order: "ba" as const,
    tokens,
    tokenBudget: tokenBudgetOf(state, row, "ab"),
  }));
}
