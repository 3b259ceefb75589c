import type { Budget } from "./budget.ts";

/** A step of the ladder: what the rows that are left will get. */
export interface Step {
  readonly name: string;
  readonly kind: "both-orders" | "one-order" | "one-order-short" | "prior";
  /**
   * Prompt tokens that a row may take on this step; null for as many as the model takes. On the fallback step (kind "prior") rows are still
   * scored while time is left, within this budget.
   */
  readonly tokenBudget: number | null;
}

/** The position of a run on the ladder; times are monotonic, ms. */
export interface LadderPosition {
  readonly index: number;
  readonly since: number;
  /** Since when the step has been below the confidence; null while it is not. */
  readonly belowSince: number | null;
}

/** When chooseStep may change the step. */
export interface ClimbingRules {
  /** Probability of finishing that a step must have. */
  readonly confidence: number;
  /** Shortest stay on a step before a higher one is taken. */
  readonly holdMs: number;
  /** Share of the time left that a higher step must leave over, with the same probability. */
  readonly climbMargin: number;
}

/** What a step still has to send. */
export interface StepCost {
  readonly step: Step;
  /** Prompts, those of the least swap pass included; 0 on the fallback step, which needs none. */
  readonly prompts: number;
  /** Tokens of these prompts. */
  readonly tokens: number;
}

/** The cost of a step and how likely it finishes in time. */
export interface StepForecast extends StepCost {
  /** Probability of finishing in time on it. */
  readonly probability: number;
  /** The same with the margin for climbing left over. */
  readonly probabilityWithMargin: number;
}

/** The position that was chosen, and why. */
export interface StepChoice {
  readonly position: LadderPosition;
  readonly reason: string;
}

/** Whether time is scarce on a step of each kind. */
const SCARCE = {
  "both-orders": false,
  "one-order": false,
  "one-order-short": true,
  prior: true,
} satisfies Record<Step["kind"], boolean>;
const CLIMB_MARGIN = 0.03;
/** The hold is 1 % of the whole time, but at least a minute, or 5 % of the whole time where that is less. */
const HOLD_SHARE = 0.01;
const LEAST_HOLD_MS = 60_000;
const LEAST_HOLD_SHARE = 0.05;
/** A probability that is below the confidence by more than this leads down at once. */
const URGENT = 0.05;

/** Derives the rules of the ladder from the confidence asked for and the time that there is. */
export function climbingRules({ confidence, budget }: { confidence: number; budget: Budget | null }): ClimbingRules {
  const whole = budget === null ? 0 : budget.deadlineAt - budget.startedAt;
  const holdMs = Math.max(HOLD_SHARE * whole, Math.min(LEAST_HOLD_MS, LEAST_HOLD_SHARE * whole));
  return { confidence, holdMs, climbMargin: CLIMB_MARGIN };
}

/**
 * Chooses the highest step whose probability of finishing reaches the confidence; the last step always does.
 *
 * The run goes down at once when the probability is clearly below the confidence. It waits for the hold when the probability
 * is just below, or when the lower step sends the same prompts now (both orders to one, the last shortened step to the
 * fallback). It goes up only after the hold, and only to a step that reaches the confidence with the margin left over.
 * Otherwise a job near the edge would change its step with every forecast (flapping).
 */
export function chooseStep(
  forecasts: readonly StepForecast[],
  position: LadderPosition,
  now: number,
  rules: ClimbingRules,
): StepChoice {
  const choice = choose(forecasts, position, now, rules);
  const why = whyNotHigher(forecasts[choice.position.index - 1], rules);
  return why === null || choice.reason.includes(why) ? choice : { ...choice, reason: `${choice.reason}; ${why}` };
}

function choose(
  forecasts: readonly StepForecast[],
  position: LadderPosition,
  now: number,
  rules: ClimbingRules,
): StepChoice {
  const { confidence } = rules;
  const best = highest(forecasts, ({ probability }) => probability >= confidence);
  const describeAt = (index: number): string => describe(forecasts[index], confidence);
  if (best > position.index) return goDown(forecasts, position, best, now, rules);
  const steady = { ...position, belowSince: null };
  if (best === position.index) return { position: steady, reason: `stay: ${describeAt(best)}` };
  const heldMs = now - position.since;
  const hold = (why: string): StepChoice => ({ position: steady, reason: `hold: ${describeAt(best)}, but ${why}` });
  if (heldMs < rules.holdMs) return hold(`only ${seconds(heldMs)} of ${seconds(rules.holdMs)} on this step`);
  const safe = highest(forecasts, ({ probabilityWithMargin }) => probabilityWithMargin >= confidence);
  if (safe >= position.index) return hold(withoutMargin(rules));
  return { position: { index: safe, since: now, belowSince: null }, reason: `up: ${describeAt(safe)}` };
}

function goDown(
  forecasts: readonly StepForecast[],
  position: LadderPosition,
  to: number,
  now: number,
  { confidence, holdMs }: ClimbingRules,
): StepChoice {
  const [from, target] = [forecasts[position.index], forecasts[to]];
  const belowSince = position.belowSince ?? now;
  const isHarmless = from !== undefined && target !== undefined && sendAlike(from.step, target.step);
  const isClose = (from?.probability ?? 0) >= confidence - URGENT;
  const belowMs = now - belowSince;
  if ((isHarmless || isClose) && belowMs < holdMs) {
    const why = `but only for ${seconds(belowMs)} of ${seconds(holdMs)}`;
    return { position: { ...position, belowSince }, reason: `hold: ${describe(from, confidence)}, ${why}` };
  }
  const reason = `down: ${describe(from, confidence)}; ${describe(target, confidence)}`;
  return { position: { index: to, since: now, belowSince: null }, reason };
}

/** Gives the reason against the step above; null when there is no such step, or when only the hold speaks against it. */
function whyNotHigher(above: StepForecast | undefined, rules: ClimbingRules): string | null {
  if (above === undefined) return null;
  const { probability, probabilityWithMargin } = above;
  if (probability < rules.confidence) return describe(above, rules.confidence);
  if (probabilityWithMargin >= rules.confidence) return null;
  return `${describe(above, rules.confidence)}, but ${withoutMargin(rules)}`;
}

function withoutMargin({ climbMargin }: ClimbingRules): string {
  return `not with ${Math.round(100 * climbMargin)} % of the time left over`;
}

/** Tests whether both steps send the same prompts in the same order. */
function sendAlike(one: Step, other: Step): boolean {
  return isScarce(one) === isScarce(other) && one.tokenBudget === other.tokenBudget;
}

/** Tests whether a step is below one full answer for every row, which means that time is scarce. */
export function isScarce({ kind }: Step): boolean {
  return SCARCE[kind];
}

function highest(forecasts: readonly StepForecast[], holds: (forecast: StepForecast) => boolean): number {
  const index = forecasts.findIndex(holds);
  return index === -1 ? forecasts.length - 1 : index;
}

function describe(forecast: StepForecast | undefined, confidence: number): string {
  if (forecast === undefined) return "no step";
  const { step, probability } = forecast;
  if (step.kind === "prior") return "rows that get no answer in time keep the prior";
  const comparison = probability >= confidence ? "reaches" : "is below";
  return `${step.name} finishes with probability ${rounded(probability)}, which ${comparison} ${confidence}`;
}

/** Three digits, and never 1 or 0 for an uncertain event. */
function rounded(probability: number): string {
  if (probability > 0.999 && probability < 1) return "over 0.999";
  if (probability < 0.001 && probability > 0) return "under 0.001";
  return String(Math.round(probability * 1_000) / 1_000);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
