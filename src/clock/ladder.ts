/** A step of the ladder: what the rows that are left will get. */
export interface Step {
  readonly name: string;
  readonly kind: "both-orders" | "one-order" | "one-order-short" | "prior";
  /** Prompt tokens that a row may take on this step; null for as many as the model takes. */
  readonly tokenBudget: number | null;
}

/** Where on the ladder a run stands, and since when (monotonic, ms). */
export interface Stand {
  readonly index: number;
  readonly since: number;
}

/** How the ladder is climbed; the rules are those of `chooseStep`. */
export interface LadderRules {
  /** Probability of finishing that a step must have. */
  readonly confidence: number;
  /** Shortest stay on a step before a higher one is taken. */
  readonly holdMs: number;
  /** Share of the time left that a higher step must leave over, with the same probability. */
  readonly climbMargin: number;
}

/** What a step promises now. */
export interface StepOutlook {
  readonly step: Step;
  /** Probability of finishing in time on it. */
  readonly probability: number;
  /** The same when the margin for climbing must be left over. */
  readonly probabilityWithMargin: number;
}

/** The step that was chosen, and why. */
export interface StepChoice {
  readonly index: number;
  readonly reason: string;
}

/**
 * Chooses the highest step whose probability of finishing reaches the confidence; the last step always does.
 *
 * Down it goes at once. Up it goes only after the hold, and only to a step that reaches the confidence with the margin left
 * over: without these two, a job near the edge would change step with every forecast (flapping).
 */
export function chooseStep(
  outlooks: readonly StepOutlook[],
  stand: Stand,
  now: number,
  { confidence, holdMs, climbMargin }: LadderRules,
): StepChoice {
  const last = outlooks.length - 1;
  const best = firstIndex(outlooks, ({ probability }) => probability >= confidence, last);
  const bestSafe = firstIndex(outlooks, ({ probabilityWithMargin }) => probabilityWithMargin >= confidence, last);
  const current = outlooks[stand.index];
  const say = (index: number): string => describe(outlooks[index], confidence);

  if (best > stand.index) return { index: best, reason: `down: ${say(stand.index)}; ${say(best)}` };
  if (best === stand.index) {
    const higher = best > 0 ? `; ${say(best - 1)}` : "";
    return { index: best, reason: `stay: ${say(best)}${higher}` };
  }
  const heldMs = now - stand.since;
  if (heldMs < holdMs) {
    const wait = `${seconds(heldMs)} of ${seconds(holdMs)} on this step`;
    return { index: stand.index, reason: `hold ${current?.step.name ?? ""}: ${say(best)}, but only ${wait}` };
  }
  if (bestSafe >= stand.index) {
    const margin = `${Math.round(100 * climbMargin)} % of the time left over`;
    return { index: stand.index, reason: `hold ${current?.step.name ?? ""}: ${say(best)}, but not with ${margin}` };
  }
  return { index: bestSafe, reason: `up: ${say(bestSafe)}` };
}

/** Says whether the ladder is below full quality for every row, so that time is scarce. */
export function isScarce({ kind }: Step): boolean {
  return kind === "one-order-short" || kind === "prior";
}

function firstIndex(
  outlooks: readonly StepOutlook[],
  holds: (outlook: StepOutlook) => boolean,
  otherwise: number,
): number {
  const index = outlooks.findIndex(holds);
  return index === -1 ? otherwise : index;
}

function describe(outlook: StepOutlook | undefined, confidence: number): string {
  if (outlook === undefined) return "no step";
  const { step, probability } = outlook;
  if (step.kind === "prior") return "rows that get no answer in time keep the prior";
  const comparison = probability >= confidence ? "reaches" : "is below";
  return `${step.name} finishes with probability ${rounded(probability)}, which ${comparison} ${confidence}`;
}

/** Three digits, and never 1 or 0 for what is not certain. */
function rounded(probability: number): string {
  if (probability > 0.999 && probability < 1) return "over 0.999";
  if (probability < 0.001 && probability > 0) return "under 0.001";
  return String(Math.round(probability * 1_000) / 1_000);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
