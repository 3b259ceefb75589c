import type { Config } from "../config/config.ts";
import { parseDeadline } from "../config/deadline.ts";
import { planBudget } from "../deadline/budget.ts";
import { formatDuration, plural } from "../format.ts";
import { type Fit, forecastWork, type IntervalEstimate } from "./fit.ts";
import type { Suggestion } from "./suggestion.ts";

/** The forecast duration of a job with a given number of rows, and whether the job fits its deadline. */
export interface JobForecast {
  readonly rows: number;
  /** Number of prompts of the job: twice the rows when both orders are scored. */
  readonly prompts: number;
  /** Time from the start of the bench until its engine was ready, ms. The forecast includes it. */
  readonly startUpMs: number;
  /** Duration of the whole job, ms. */
  readonly time: IntervalEstimate;
  /** Time until the deadline, ms; null without one. */
  readonly deadlineMs: number | null;
  readonly verdict: DeadlineCheck | null;
}

/** Whether a job fits the time until its deadline. */
export interface DeadlineCheck {
  /**
   * yes: the whole interval fits. tight: the estimate fits, but the end of its interval does not. no: the estimate does
   * not fit.
   */
  readonly fits: "yes" | "tight" | "no";
  /** Time available for work, ms: the time until the deadline minus the reserve. */
  readonly availableMs: number;
  /** availableMs minus the estimate, ms; negative when the job would end too late. */
  readonly spareMs: number;
}

/** Forecasts a job with rows that have the same lengths as those of the user's file. `now` is ms since 1970. */
export function forecastJob(options: {
  config: Pick<Config, "orders" | "time">;
  fit: Fit;
  rows: number;
  meanTokens: number;
  startUpMs: number;
  now: number;
}): JobForecast {
  const { config, fit, rows, meanTokens, startUpMs, now } = options;
  const prompts = rows * (config.orders === "both" ? 2 : 1);
  const time = addStartUp(forecastWork(fit, { rows: prompts, tokens: prompts * meanTokens }), startUpMs);
  return { rows, prompts, startUpMs, time, ...checkDeadlineOfConfig(config.time, time, now) };
}

/**
 * Adds the start-up, which was measured once and may take half or twice as long, to the time of the work. Both deviate
 * independently, so that their squares add up.
 */
function addStartUp({ value, low, high }: IntervalEstimate, startUpMs: number): IntervalEstimate {
  const total = value + startUpMs;
  return {
    value: total,
    low: total - Math.hypot(value - low, startUpMs / 2),
    high: total + Math.hypot(high - value, startUpMs),
  };
}

/** Compares the forecast with the time budget, without its reserve, that a run would have if it started now. */
function checkDeadlineOfConfig(
  { deadline, startedAt, reserveMs }: Config["time"],
  time: IntervalEstimate,
  now: number,
): Pick<JobForecast, "deadlineMs" | "verdict"> {
  if (deadline === null) return { deadlineMs: null, verdict: null };
  const from = startedAt === null ? now : Date.parse(startedAt);
  const { workEndAt, deadlineAt } = planBudget(from, parseDeadline(deadline, from), reserveMs);
  return { deadlineMs: deadlineAt - now, verdict: deadlineCheckOf(time, workEndAt - now) };
}

/** Compares a forecast with the available time, ms. */
export function deadlineCheckOf(forecast: IntervalEstimate, availableMs: number): DeadlineCheck {
  const fits = forecast.high <= availableMs ? "yes" : forecast.value <= availableMs ? "tight" : "no";
  return { fits, availableMs, spareMs: availableMs - forecast.value };
}

const FITS = {
  yes: "fits",
  tight: "may not fit",
  no: "does not fit",
} as const satisfies Record<DeadlineCheck["fits"], string>;

/** A suggestion that gains less than 1 % is not printed. */
const LEAST_GAIN = 1.01;

/** Formats a forecast in one line: `25,000 rows in 9h00m: fits, 6h41m (95 %: 6h30m to 6h52m)`. */
export function forecastLine({ rows, time, deadlineMs, verdict }: JobForecast, suggestion: Suggestion | null): string {
  const job = plural(rows, "row");
  const interval = `${plain(time.value)} (95 %: ${plain(time.low)} to ${plain(time.high)})`;
  const more =
    suggestion === null || suggestion.gain < LEAST_GAIN
      ? ""
      : `, ${suggestion.gain.toFixed(2)} times cheaper with ${suggestion.setting} ${suggestion.value} (not tried)`;
  if (verdict === null || deadlineMs === null) return `${job}: ${interval}${more}`;
  return `${job} in ${plain(deadlineMs)}: ${FITS[verdict.fits]}, ${interval}${more}`;
}

function plain(ms: number): string {
  return formatDuration(ms, { precise: true });
}
