import type { Config } from "../config/config.ts";
import { parseDeadline } from "../config/deadline.ts";
import { planBudget } from "../deadline/budget.ts";
import { type Estimate, type Fit, foretell } from "./fit.ts";
import { judgeTime, type Verdict } from "./verdict.ts";

/** How long a job of these rows will take, and whether that is in time. */
export interface Forecast {
  readonly rows: number;
  /** Prompts to be scored: twice the rows when both orders are asked for. */
  readonly prompts: number;
  /** Until the engine was ready here; part of the forecast. */
  readonly startUpMs: number;
  /** The whole job, ms. */
  readonly time: Estimate;
  readonly deadlineMs: number | null;
  readonly verdict: Verdict | null;
}

/** Foretells a job with the lengths of the user's own file. `now` is ms since 1970. */
export function forecastJob(options: {
  config: Pick<Config, "orders" | "time">;
  fit: Fit;
  rows: number;
  meanTokens: number;
  startUpMs: number;
  now: number;
}): Forecast {
  const { config, fit, rows, meanTokens, startUpMs, now } = options;
  const prompts = rows * (config.orders === "both" ? 2 : 1);
  const { value, low, high } = foretell(fit, { rows: prompts, tokens: prompts * meanTokens });
  const time = { value: value + startUpMs, low: low + startUpMs, high: high + startUpMs };
  return { rows, prompts, startUpMs, time, ...compare(config.time, time, now) };
}

/** As a run would count it that is started now, its reserve included. */
function compare(
  { deadline, startedAt, reserveMs }: Config["time"],
  time: Estimate,
  now: number,
): Pick<Forecast, "deadlineMs" | "verdict"> {
  if (deadline === null) return { deadlineMs: null, verdict: null };
  const from = startedAt === null ? now : Date.parse(startedAt);
  const { workEndAt, deadlineAt } = planBudget(from, parseDeadline(deadline, from), reserveMs);
  return { deadlineMs: deadlineAt - now, verdict: judgeTime(time, workEndAt - now) };
}
