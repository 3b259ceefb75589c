import { quantiles } from "../numbers/quantile.ts";
import { sum } from "../numbers/sums.ts";
import type { Budget } from "./budget.ts";
import { type OrderedStep, type Step, withRowOrder } from "./ladder.ts";
import { type SampleSizes, sampleSizes } from "./sample.ts";
import { usualShares, usualSteps } from "./steps.ts";

/**
 * The plan of a run for all its rows. `abtie plan` prints it; `abtie run` makes it with the same function, executes it and
 * writes it into its journal. Times are ms since 1970.
 */
export interface RunPlan {
  /** The data file and the template file. */
  readonly input: string;
  readonly template: string;
  readonly rows: number;
  /** The orders in which the rows are scored. "auto": the swapped order only for chosen rows, while time is left. */
  readonly orders: "one" | "both" | "auto";
  /** Largest number of prompts that are sent in each order, over all sessions of the run. */
  readonly prompts: { readonly ab: number; readonly ba: number };
  /**
   * Prompt tokens that a row may take on a step that has no token budget of its own. The judge computes it from the context and
   * the template, and cuts the prompts to it. The lengths that the run plans with are limited by this field.
   */
  readonly tokenBudget: number;
  readonly tokens: PromptTokens;
  /** The ladder, best step first. */
  readonly ladder: readonly PlannedStep[];
  /**
   * The sample, rows of all lengths that are scored first. The pilot, which measures the speed, is its beginning. The sizes are
   * those of the whole run. A session that resumes the run draws the same share of the rows that are left, but at least 20 rows
   * for the pilot and 60 for the sample, or all rows that are left.
   */
  readonly sample: SampleSizes;
  readonly swapPass: SwapPassPolicy;
  /** Probability of finishing in time that a step must have. */
  readonly confidence: number;
  /** What the run does when no step for whole rows fits in time: "degrade" takes the shortened steps, "stop" ends the run. */
  readonly onOverrun: "degrade" | "stop";
  /** Start of the process. */
  readonly startedAt: number;
  /**
   * The moments that limit the run, as they were when it was planned; null without a deadline. The run does not take them from
   * here: its timer is set before the engine starts, which is before the plan is made, and its moments come nearer when the
   * machine sleeps or the wall clock is set forward (TimeLimits in src/job/time-limits.ts).
   */
  readonly timeLimits: Budget | null;
  /** Seed of the random choice of the sample. */
  readonly seed: number;
}

/** A step of the ladder, and its cost when all rows are scored on it. */
export interface PlannedStep extends OrderedStep {
  /** Prompt tokens of all orders, and the time that they take. `seconds` is null while the speed is unknown. */
  readonly tokens: number;
  readonly seconds: number | null;
  /**
   * Tokens and seconds when the swap pass covers only the share that the step requires. 0 on the step "prior", which needs no
   * answer.
   */
  readonly leastTokens: number;
  readonly leastSeconds: number | null;
  /**
   * True when `leastSeconds` fit between the start and the end of work, without the time in which the engine starts; null while
   * the speed is unknown and without a deadline.
   */
  readonly fits: boolean | null;
}

/** Prompt tokens of the rows in one order within the token budget. */
export type PromptTokens = TokenTotals &
  (
    | {
        /** Every row was tokenised. */
        readonly source: "exact";
        /** Number of rows that do not fit as a whole, and the mean number of tokens that are cut from each of them. */
        readonly shortened: { readonly rows: number; readonly meanCut: number };
        /** Number of rows in which control tokens are made harmless. */
        readonly neutralisedRows: number;
      }
    | {
        /** A sample of the rows was tokenised; the tokens of the others are estimated from their bytes. */
        readonly source: "estimated";
      }
  );

interface TokenTotals {
  readonly total: number;
  /** Quantiles of the tokens of a row: the given `share` of the rows have at most `tokens`. */
  readonly quantiles: readonly { readonly share: number; readonly tokens: number }[];
}

/**
 * Shares of all rows. The swap pass must cover `minShare` for the step "both-orders" to count as feasible, and it covers at
 * most `maxShare`.
 */
interface SwapPassPolicy {
  readonly minShare: number;
  readonly maxShare: number;
  readonly rowOrder: "largest-expected-gain-first";
}

/** The parts of a config that determine the plan; see Config in src/config for their meaning. */
export interface PlanConfig extends LadderConfig {
  readonly input: string;
  readonly template: string;
  readonly seed: number;
  readonly time: LadderConfig["time"] & {
    readonly confidence: number;
    readonly onOverrun: "degrade" | "stop";
  };
}

interface LadderConfig {
  readonly orders: RunPlan["orders"];
  readonly time: {
    readonly deadline: string | null;
    readonly shortContext: number;
    readonly ladder:
      | readonly { readonly name: string; readonly kind: Step["kind"]; readonly context: number | null }[]
      | null;
  };
}

/** The facts that a plan needs besides the config. */
export interface PlanInput {
  /** Prompt tokens of every row. planRun limits them by the token budget. */
  readonly lengths: readonly number[];
  /** Counts from tokenising every row; null when `lengths` are estimates. */
  readonly exact: Pick<Extract<PromptTokens, { source: "exact" }>, "shortened" | "neutralisedRows"> | null;
  readonly tokenBudget: number;
  /** Start of the process, ms since 1970. */
  readonly startedAt: number;
  readonly timeLimits: Budget | null;
  /** Prompt tokens that the engine processes per second; null when the speed was not measured. */
  readonly tokensPerSecond: number | null;
}

const QUANTILES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1] as const;

/** Makes the plan of a run. */
export function planRun(config: PlanConfig, input: PlanInput): RunPlan {
  const { exact, tokenBudget, timeLimits } = input;
  const lengths = withinBudget(input.lengths, tokenBudget);
  const steps = ladderOf(config, tokenBudget);
  const orders = steps.some(({ kind }) => kind === "both-orders") ? config.orders : "one";
  const shares = usualShares(orders);
  const totals = {
    total: sum(lengths),
    quantiles: quantiles(lengths, QUANTILES).map((tokens, i) => ({
      share: QUANTILES[i] ?? 0,
      tokens: Math.round(tokens),
    })),
  };
  return {
    input: config.input,
    template: config.template,
    rows: lengths.length,
    orders,
    prompts: { ab: lengths.length, ba: Math.floor(shares.maxShare * lengths.length) },
    tokenBudget,
    tokens: exact === null ? { source: "estimated", ...totals } : { source: "exact", ...totals, ...exact },
    ladder: steps.map((step) => plannedStep(step, shares, { ...input, lengths })),
    sample: sampleSizes(lengths.length),
    swapPass: { ...shares, rowOrder: "largest-expected-gain-first" },
    confidence: config.time.confidence,
    // Without a deadline there is no overrun.
    onOverrun: timeLimits === null ? "degrade" : config.time.onOverrun,
    startedAt: input.startedAt,
    timeLimits,
    seed: config.seed,
  };
}

/** Limits the prompt tokens of every row by a token budget. */
export function withinBudget(lengths: readonly number[], tokenBudget: number): readonly number[] {
  return lengths.map((length) => Math.min(length, tokenBudget));
}

function plannedStep(
  step: Step,
  { minShare, maxShare }: Pick<SwapPassPolicy, "minShare" | "maxShare">,
  { lengths, tokensPerSecond, timeLimits, startedAt }: PlanInput,
): PlannedStep {
  const once = sum(lengths.map((length) => Math.min(length, step.tokenBudget ?? length)));
  const secondsOf = (tokens: number): number | null => (tokensPerSecond === null ? null : tokens / tokensPerSecond);
  const tokens = Math.round(once * passesOf(step, maxShare));
  const leastTokens = Math.round(once * passesOf(step, minShare));
  const leastSeconds = secondsOf(leastTokens);
  const leftMs = timeLimits === null ? null : timeLimits.workEndAt - startedAt;
  return {
    ...withRowOrder(step),
    tokens,
    seconds: secondsOf(tokens),
    leastTokens,
    leastSeconds,
    fits: leastSeconds === null || leftMs === null ? null : 1_000 * leastSeconds <= leftMs,
  };
}

/** Computes how many times the rows are scored on a step whose swap pass covers this share of the rows. */
function passesOf({ kind }: Step, swapShare: number): number {
  switch (kind) {
    case "both-orders":
      return 1 + swapShare;
    case "one-order":
    case "one-order-short":
      return 1;
    case "prior":
      return 0;
    default:
      return kind satisfies never;
  }
}

/**
 * Lists the steps that a run may take, best first: the ladder of the config, or the default ladder. Without a deadline `orders:
 * auto` means one order. A shortened step is left out when its context is not shorter than the token budget.
 */
export function ladderOf({ orders, time }: LadderConfig, budget: number): readonly Step[] {
  const { ladder, shortContext } = time;
  const wanted = wantedOrders({ orders, time });
  const steps =
    ladder?.map(({ name, kind, context }): Step => ({ name, kind, tokenBudget: context })) ??
    usualSteps(wanted, [{ name: "one-order-short", tokenBudget: shortContext }]);
  const taken = steps
    .filter(({ kind }) => kind !== "both-orders" || wanted !== "one")
    .filter(({ kind, tokenBudget }, i) => i === 0 || kind !== "one-order-short" || (tokenBudget ?? 0) < budget);
  const shortest = taken.findLast(({ kind }) => kind !== "prior")?.tokenBudget ?? null;
  return taken.map((step) => (step.kind === "prior" ? { ...step, tokenBudget: shortest } : step));
}

function wantedOrders({ orders, time }: LadderConfig): RunPlan["orders"] {
  return orders === "auto" && time.deadline === null ? "one" : orders;
}

/** Decides whether rows of this config may be scored in both orders. */
export function mayScoreBothOrders(config: LadderConfig): boolean {
  const { ladder } = config.time;
  return wantedOrders(config) !== "one" && (ladder === null || ladder.some(({ kind }) => kind === "both-orders"));
}
