import type { Decision } from "../clock/decision.ts";
import { formatDuration } from "../duration.ts";
import type { RunState } from "../journal/run-state.ts";
import type { Effects } from "./effects.ts";
import type { Tally } from "./recorder.ts";
import type { TimedPlanner } from "./timed-planner.ts";

/** Shows how far a run is: rows, speed, and what the clock foresees. */
export function showProgress(
  planner: TimedPlanner,
  state: RunState,
  { scoredPrompts: prompts, promptTokens: tokens }: Tally,
  startedAt: number,
  { clock, progress }: Pick<Effects, "clock" | "progress">,
): void {
  const { ab, ba } = state.orders;
  const decision = planner.tick();
  const text = progressLine({
    ...{ done: ab.answered, total: planner.total, swapped: ba.answered },
    ...{ prompts, tokens, ms: clock.monotonic() - startedAt, decision },
  });
  progress({ stage: "score", done: ab.answered, total: planner.total, text });
}

/** What the line about a run in progress is made of. */
export interface ScoreProgress {
  /** Rows answered in the first order, of all; earlier sessions included. */
  readonly done: number;
  readonly total: number;
  /** Rows answered in the swapped order too. */
  readonly swapped: number;
  /** This session's prompts, their tokens and its time. */
  readonly prompts: number;
  readonly tokens: number;
  readonly ms: number;
  readonly decision: Pick<Decision, "forecast" | "leftMs" | "secondPass" | "step" | "phase">;
}

/** Formats the line: 12,410/25,000 rows · 1.04 s/row · 940 tokens/s · done in 3h39m (90 %: 3h31m to 3h50m) · 1h12m to spare. */
export function progressLine(options: ScoreProgress): string {
  const { done, total, swapped, prompts, tokens, ms, decision } = options;
  const { forecast, leftMs } = decision;
  const perSecond = ms > 0 ? (1000 * prompts) / ms : 0;
  const spare = leftMs === null || forecast === null ? null : leftMs - forecast.remainingMs;
  const parts: readonly (string | null)[] = [
    `${count(done)}/${count(total)} rows`,
    swapped > 0 ? `${count(swapped)} in both orders` : null,
    prompts === 0 ? null : perSecond >= 1 ? `${perSecond.toFixed(1)} rows/s` : `${(1 / perSecond).toFixed(2)} s/row`,
    prompts === 0 ? null : `${count(Math.round((1000 * tokens) / ms))} tokens/s`,
    forecast === null
      ? null
      : `done in ${formatDuration(forecast.remainingMs)} (90 %: ${formatDuration(forecast.lowMs)} to ${formatDuration(forecast.highMs)})`,
    spare === null ? null : spare >= 0 ? `${formatDuration(spare)} to spare` : `${formatDuration(-spare)} too late`,
    decision.phase === "first-pass" && leftMs !== null ? secondPlan(decision) : null,
  ];
  return parts.filter((part) => part !== null).join(" · ");
}

function secondPlan({ step, secondPass }: ScoreProgress["decision"]): string | null {
  if (step.kind === "one-order-short" || step.kind === "prior") return `step ${step.name}`;
  if (secondPass.share === null || secondPass.share === 0) return null;
  return `both orders for the undecided ${Math.round(100 * secondPass.share)} %`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
