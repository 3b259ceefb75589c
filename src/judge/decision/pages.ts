import { RequestError } from "../../engine/client/request-error.ts";

/**
 * The pages for structured decisions: that of vLLM, and that of OpenAI's Decisions API, which vLLM has beside it from 0.33 on. Requests and
 * answers of both have forms of their own.
 */
export const DECISION_PAGES = ["/v1/systemone", "/v1/decisions"] as const;

export type DecisionPage = (typeof DECISION_PAGES)[number];

/** Finds the page on which a server answers. */
export interface DecisionPages {
  /**
   * Asks on the page that answered last, and on the other one when the server has not got it. Throws what the last page threw when no
   * page answers.
   */
  readonly ask: <T>(ask: (page: DecisionPage) => Promise<T>) => Promise<T>;
}

/** Begins with vLLM's own page, which also says how much of the probability the options have. */
export function createDecisionPages(): DecisionPages {
  let known: DecisionPage = DECISION_PAGES[0];
  return {
    ask: async (ask) => {
      const first = known;
      try {
        return await ask(first);
      } catch (cause) {
        const other = DECISION_PAGES.find((page) => page !== first);
        if (!hasNoDecisions(cause) || other === undefined) throw cause;
        const answer = await ask(other);
        known = other;
        return answer;
      }
    },
  };
}

/** Decides whether an error says that the server has no such page, or that its model cannot decide. */
export function hasNoDecisions(cause: unknown): cause is RequestError {
  return cause instanceof RequestError && NO_PAGE.has(cause.status ?? 0);
}

const NO_PAGE: ReadonlySet<number> = new Set([404, 405, 501]);
