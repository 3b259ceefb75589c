import { interrupt, measure } from "../forecast/speed.ts";
import { takeWork, workOf } from "../forecast/work.ts";
import { type ClockState, plannedTokens, settledRows } from "./state.ts";
import { endSecond, rankRows, type SecondRow } from "./swap-rows.ts";

/** What happened; times are monotonic, ms. */
export type ClockEvent =
  /** An engine is ready, or has ended; `lost` when it will not come back. */
  | { readonly type: "engine"; readonly at: number; readonly up: boolean; readonly lost?: boolean }
  /** A request ended. */
  | {
      readonly type: "request";
      readonly startedAt: number;
      readonly finishedAt: number;
      readonly ok: boolean;
      /** The pass, row, tokens sent and context of every prompt in it. */
      readonly prompts: readonly Prompt[];
      /** Prompts allowed in flight at the time, over all engines. */
      readonly concurrency: number;
    }
  /** Prompts will not be tried again. */
  | { readonly type: "gave-up"; readonly at: number; readonly prompts: readonly Prompt[] }
  /** The rows that may get the swapped order, most worth first. */
  | { readonly type: "ranked"; readonly rows: readonly SecondRow[] };

/** One prompt of a request. */
export interface Prompt {
  readonly row: number;
  readonly pass: 1 | 2;
  /** Tokens sent. */
  readonly tokens: number;
  /** Token budget that it was prepared with, see `Task`. */
  readonly tokenBudget: number | null;
}

/** Takes an event into account. Cheap: the cost of a request does not grow with the rows. */
export function observe(state: ClockState, event: ClockEvent): ClockState {
  switch (event.type) {
    case "engine":
      return observeEngine(state, event);
    case "request":
      return observeRequest(state, event);
    case "gave-up":
      return settle(state, event.prompts, event.at, false);
    case "ranked":
      return { ...state, second: rankRows(state.second, event.rows) };
    default:
      return event satisfies never;
  }
}

function observeEngine(state: ClockState, { at, up, lost }: ClockEvent & { type: "engine" }): ClockState {
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
    speed: interrupt(speed, at),
  };
}

function observeRequest(state: ClockState, request: ClockEvent & { type: "request" }): ClockState {
  const { prompts, ok, finishedAt } = request;
  const work = workOf(prompts.map(({ tokens }) => tokens));
  const speed = measure(state.speed, { ...request, work });
  if (!ok) return { ...state, speed };
  const planned = prompts.reduce(
    (sum, { row, tokenBudget }) => sum + plannedTokens(state.options, row, tokenBudget),
    0,
  );
  const sent = { tokens: state.sent.tokens + work.tokens, planned: state.sent.planned + planned };
  const engine = { ...state.engine, aliveAt: Math.max(state.engine.aliveAt, finishedAt) };
  return settle({ ...state, speed, sent, engine }, prompts, finishedAt, true);
}

function settle(state: ClockState, prompts: readonly Prompt[], at: number, answered: boolean): ClockState {
  const first = prompts.filter(({ pass }) => pass === 1);
  const second = prompts.filter(({ pass }) => pass === 2).map(({ tokens }) => tokens);
  const ended = second.length === 0 ? state.second : endSecond(state.second, second, answered);
  if (first.length === 0) return { ...state, second: ended };
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
  return { ...state, first: { ...progress, endedAt: isOver ? (progress.endedAt ?? at) : null }, second: ended };
}
