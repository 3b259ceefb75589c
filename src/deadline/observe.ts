import { observeEngineDown, observeFinished } from "../forecast/speed.ts";
import { takeWork, workOf } from "../forecast/work.ts";
import type { Order } from "../types.ts";
import { type DeadlineState, plannedTokens, settledRows } from "./state.ts";
import { endSwapRows, type SwapRow, withRanking } from "./swap-pass.ts";

/** An event that changes the state of a run. Times are monotonic, ms. */
export type DeadlineEvent =
  /** An engine became ready, or it ended; `lost` is true when it will not come back. */
  | { readonly type: "engine"; readonly at: number; readonly up: boolean; readonly lost?: boolean }
  /** A request ended. */
  | {
      readonly type: "request";
      readonly startedAt: number;
      readonly finishedAt: number;
      readonly ok: boolean;
      /** The row, order, tokens sent and token budget of every prompt in the request. */
      readonly prompts: readonly SentPrompt[];
      /** Requests allowed in flight over all engines when this request was sent. */
      readonly concurrency: number;
    }
  /** These prompts will not be sent again. */
  | { readonly type: "gave-up"; readonly at: number; readonly prompts: readonly SentPrompt[] }
  /** The rows that may get the swapped order, the most valuable first. */
  | { readonly type: "ranked"; readonly rows: readonly SwapRow[] };

/** One prompt of a request. */
export interface SentPrompt {
  readonly row: number;
  readonly order: Order;
  /** Prompt tokens sent. */
  readonly tokens: number;
  /** Token budget of the prompt's task; null for as many tokens as the model takes. */
  readonly tokenBudget: number | null;
}

/** Takes an event into account. The computing time does not grow with the number of rows of the job. */
export function observe(state: DeadlineState, event: DeadlineEvent): DeadlineState {
  switch (event.type) {
    case "engine":
      return observeEngine(state, event);
    case "request":
      return observeRequest(state, event);
    case "gave-up":
      return settle(state, event.prompts, event.at, false);
    case "ranked":
      return { ...state, swap: withRanking(state.swap, event.rows) };
    default:
      return event satisfies never;
  }
}

function observeEngine(state: DeadlineState, { at, up, lost }: DeadlineEvent & { type: "engine" }): DeadlineState {
  const { engine, speed } = state;
  if (up) {
    const startMs = engine.up ? engine.startMs : at - engine.since;
    const firstUpAt = engine.firstUpAt ?? at;
    return { ...state, engine: { up: true, since: at, startMs, lost: false, firstUpAt, aliveAt: at } };
  }
  const since = engine.up ? at : engine.since;
  return {
    ...state,
    engine: { ...engine, up: false, since, lost: lost ?? false },
    speed: observeEngineDown(speed, at),
  };
}

function observeRequest(state: DeadlineState, request: DeadlineEvent & { type: "request" }): DeadlineState {
  const { prompts, ok, finishedAt } = request;
  const work = workOf(prompts.map(({ tokens }) => tokens));
  const speed = observeFinished(state.speed, { ...request, work });
  if (!ok) return { ...state, speed };
  const planned = prompts.reduce(
    (sum, { row, tokenBudget }) => sum + plannedTokens(state.options, row, tokenBudget),
    0,
  );
  const sent = { tokens: state.sent.tokens + work.tokens, planned: state.sent.planned + planned };
  const engine = { ...state.engine, aliveAt: Math.max(state.engine.aliveAt, finishedAt) };
  return settle({ ...state, speed, sent, engine }, prompts, finishedAt, true);
}

function settle(state: DeadlineState, prompts: readonly SentPrompt[], at: number, answered: boolean): DeadlineState {
  // A session without rows of the first pass takes all its prompts from the ranking.
  const isFirst = ({ order }: SentPrompt): boolean => order === "ab" && state.first.rows > 0;
  const first = prompts.filter(isFirst);
  const swapped = prompts.filter((prompt) => !isFirst(prompt)).map(({ tokens }) => tokens);
  const swap = swapped.length === 0 ? state.swap : endSwapRows(state.swap, swapped, answered);
  if (first.length === 0) return { ...state, swap };
  const left = state.first.left.map((work, i) => {
    const tokenBudget = state.steps[i]?.tokenBudget ?? null;
    return takeWork(work, workOf(first.map(({ row }) => plannedTokens(state.options, row, tokenBudget))));
  });
  const counts = {
    answered: state.first.answered + (answered ? first.length : 0),
    gaveUp: state.first.gaveUp + (answered ? 0 : first.length),
  };
  const progress = { ...state.first, ...counts, left };
  const isOver = settledRows(progress) >= progress.rows;
  return { ...state, first: { ...progress, endedAt: isOver ? (progress.endedAt ?? at) : null }, swap };
}
