import type { Budget } from "./budget.ts";

/** A step of the ladder: the kind of answer that the remaining rows get. */
export interface Step {
  readonly name: string;
  readonly kind: "both-orders" | "one-order" | "one-order-short" | "prior";
  /**
   * Prompt tokens that a row may take on this step; null for as many as the model takes. On the fallback step (kind "prior")
   * rows are still scored within this budget while time is left.
   */
  readonly tokenBudget: number | null;
}

/**
 * The order of the rows. "longest-first": first the sample, then the longest rows. "shortest-first": the shortest rows, whether
 * or not they are in the sample.
 */
export type RowOrder = "longest-first" | "shortest-first";

/** A step, and the order in which it scores the rows. */
export interface OrderedStep extends Step {
  readonly rowOrder: RowOrder;
}

/** The position of a run on the ladder; times are monotonic, ms. */
export interface LadderPosition {
  readonly index: number;
  readonly since: number;
  /** When the probability of the step fell below the confidence; null while it is not below. */
  readonly belowSince: number | null;
}

/** The rules by which chooseStep may change the step. */
export interface ClimbingRules {
  /** Probability of finishing in time that a step must have. */
  readonly confidence: number;
  /** Shortest time on a step before the run may go up to a better one, ms. */
  readonly holdMs: number;
  /** Share of the remaining time that a better step must leave unused, with the same probability. */
  readonly climbMargin: number;
}

/** The prompts that a step still has to send. */
export interface StepCost {
  readonly step: OrderedStep;
  /**
   * Number of prompts, including those of the smallest swap pass that the step requires; 0 on the fallback step, which needs
   * none.
   */
  readonly prompts: number;
  /** Tokens of these prompts. */
  readonly tokens: number;
}

/** The cost of a step and its probability of finishing in time. */
export interface StepForecast extends StepCost {
  /** Probability that this step finishes in time. */
  readonly probability: number;
  /** Probability that this step finishes in time and leaves the margin for climbing unused. */
  readonly probabilityWithMargin: number;
}

/** The position that was chosen, and the reason. */
export interface StepChoice {
  readonly position: LadderPosition;
  readonly reason: string;
}

/** For each kind of step: whether a run takes it only when time is scarce. */
const SCARCE = {
  "both-orders": false,
  "one-order": false,
  "one-order-short": true,
  prior: true,
} satisfies Record<Step["kind"], boolean>;
const CLIMB_MARGIN = 0.03;
/**
 * The hold is 1 % of the whole time, but at least a minute, or at least 5 % of the whole time if that is less than a minute.
 */
const HOLD_SHARE = 0.01;
const LEAST_HOLD_MS = 60_000;
const LEAST_HOLD_SHARE = 0.05;
/** When the probability is below the confidence by more than this, the run goes down at once. */
const URGENT = 0.05;

/** Derives the rules of the ladder from the required confidence and the time between start and deadline. */
export function climbingRules({ confidence, budget }: { confidence: number; budget: Budget | null }): ClimbingRules {
  const whole = budget === null ? 0 : budget.deadlineAt - budget.startedAt;
  const holdMs = Math.max(HOLD_SHARE * whole, Math.min(LEAST_HOLD_MS, LEAST_HOLD_SHARE * whole));
  return { confidence, holdMs, climbMargin: CLIMB_MARGIN };
}

/**
 * Chooses the best step whose probability of finishing reaches the confidence. The last step always reaches it.
 *
 * The run goes down at once when the probability is clearly below the confidence. It waits for the hold when the probability is
 * only just below, or when both steps send the same prompts now (both orders and one order, or the last shortened step and the
 * fallback). It goes up only after the hold, and only to a step that reaches the confidence with the margin left over. Without
 * these rules a job near the limit would change its step with every forecast (flapping).
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

/**
 * Gives the reason why the run does not take the step above; null when there is no such step, or when only the hold prevents
 * it.
 */
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
function sendAlike(one: OrderedStep, other: OrderedStep): boolean {
  return one.rowOrder === other.rowOrder && one.tokenBudget === other.tokenBudget;
}

/** Tests whether a step gives less than one full answer for every row. A run takes such a step only when time is scarce. */
export function isScarce({ kind }: Step): boolean {
  return SCARCE[kind];
}

/**
 * Decides in which order the rows are scored on a step: the shortest first where time is scarce, so that more rows get an
 * answer.
 */
export function withRowOrder(step: Step): OrderedStep {
  return { ...step, rowOrder: isScarce(step) ? "shortest-first" : "longest-first" };
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

/** Rounds to three decimals. An uncertain event is never shown with probability 0 or 1. */
function rounded(probability: number): string {
  if (probability > 0.999 && probability < 1) return "over 0.999";
  if (probability < 0.001 && probability > 0) return "under 0.001";
  return String(Math.round(probability * 1_000) / 1_000);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
