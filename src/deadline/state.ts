import { type History, startHistory } from "../forecast/history.ts";
import { type Speed, startSpeed } from "../forecast/speed.ts";
import { sumsOf, type Work, workOf } from "../forecast/work.ts";
import type { Budget } from "./budget.ts";
import type { Stop } from "./decision.ts";
import { isScarce, type LadderPosition, type OrderedStep } from "./ladder.ts";
import { createQueue, type Queue } from "./order.ts";
import { chooseSample, type SampleSizes, sampleSizesOfRest } from "./sample.ts";
import { checkSteps } from "./steps.ts";
import { NO_SWAP_PASS, type SwapPass } from "./swap-pass.ts";

/** The facts about a run on which its time depends. Times are monotonic, ms. */
export interface DeadlineOptions {
  /** Prompt tokens of every row with its full context. They may be estimates, because the tokens really sent correct them. */
  readonly tokens: readonly number[];
  /** Rows that an earlier session answered. */
  readonly answered: readonly number[];
  /** Null without a deadline. */
  readonly budget: Budget | null;
  /** When this session began, before the engine was started. */
  readonly startedAt: number;
  /** The ladder, best step first. checkSteps checks its rules. */
  readonly steps: readonly OrderedStep[];
  /** Sizes in the whole run; createState derives those for the rows that are left. */
  readonly sample: SampleSizes;
  /** Probability of finishing that a step must have. */
  readonly confidence: number;
  readonly onOverrun: "degrade" | "stop";
  /**
   * Shares of the rows. The swap pass must cover `minShare` for its step to count as feasible, and it covers at most
   * `maxShare`.
   */
  readonly swapPass: { readonly minShare: number; readonly maxShare: number };
  /** Largest number of prompts of the swap pass that this session may begin. */
  readonly mostSwapRows: number;
  readonly seed: number;
}

/** All that is known of a run. It is immutable: observe, decide and takeNext return a new state. */
export interface DeadlineState {
  readonly options: DeadlineOptions;
  /** The allowed steps: all of them, or only those with a full answer for every row when an overrun must stop the run. */
  readonly steps: readonly OrderedStep[];
  readonly position: LadderPosition;
  readonly queue: Queue;
  /** Number of rows in the pilot of this session. */
  readonly pilotRows: number;
  /** Work of all rows in one order with full context, earlier sessions included. */
  readonly whole: Work;
  /** Element n is the work of the n shortest rows of the queue, with the token budget of the last step. */
  readonly shortSums: readonly Work[];
  readonly first: FirstPass;
  readonly swap: SwapPass;
  readonly speed: Speed;
  readonly engine: EngineState;
  readonly history: History;
  /** Tokens sent, and tokens planned for the same prompts. Their ratio corrects the planned work that is left. */
  readonly sent: { readonly tokens: number; readonly planned: number };
  /** True while a ranking without prompts may still get some, because another judge has not answered every row yet. */
  readonly mayGrow: boolean;
  /** Why no more prompts are sent; null before. It stays, although a later forecast may be better: nothing is sent by then. */
  readonly stop: Stop | null;
}

/** Progress of the first pass. */
export interface FirstPass {
  /** Number of rows that this session has to score. */
  readonly rows: number;
  readonly answered: number;
  /** Rows that will get no answer. */
  readonly gaveUp: number;
  /** Planned work of the rows that are not settled, for each step. */
  readonly left: readonly Work[];
  /** When the last row was settled, monotonic, ms; null before. */
  readonly endedAt: number | null;
}

/** Whether an engine is up, and the times of its changes; monotonic, ms. */
export interface EngineState {
  readonly up: boolean;
  /** When it last went up or down. */
  readonly since: number;
  /** How long its last start took; null before the first. */
  readonly startMs: number | null;
  /** Whether the engine is down for good. */
  readonly lost: boolean;
  /** When an engine was first up; null before. */
  readonly firstUpAt: number | null;
  /** When the engine last came up or finished a request. */
  readonly aliveAt: number;
}

/** Creates the state of a run that begins. Throws an Error when checkSteps finds a problem in the steps. */
export function createState(options: DeadlineOptions): DeadlineState {
  const wrong = checkSteps(options.steps);
  if (wrong !== null) throw new Error(`the steps are no ladder: ${wrong}`);
  const { rows, sample, queue } = queueRows(options);
  const steps = options.onOverrun === "stop" ? options.steps.filter((step) => !isScarce(step)) : options.steps;
  const whole = workOf(options.tokens);
  const lastBudget = options.steps.at(-1)?.tokenBudget ?? null;
  const left = steps.map((step) => workOf(rows.map((row) => plannedTokens(options, row, step.tokenBudget))));
  return {
    options,
    steps,
    position: { index: 0, since: options.startedAt, belowSince: null },
    queue,
    pilotRows: sample.pilotRows,
    whole,
    shortSums: sumsOf(queue.sorted.map((row) => plannedTokens(options, row, lastBudget))),
    first: { rows: rows.length, answered: 0, gaveUp: 0, left, endedAt: rows.length === 0 ? options.startedAt : null },
    swap: NO_SWAP_PASS,
    // The pilot of the whole run: when few rows are left, prompts of the swap pass measure the speed too.
    speed: startSpeed(whole, options.sample.pilotRows),
    engine: {
      up: false,
      since: options.startedAt,
      startMs: null,
      lost: false,
      firstUpAt: null,
      aliveAt: options.startedAt,
    },
    history: startHistory(rows.length),
    sent: { tokens: 0, planned: 0 },
    mayGrow: false,
    stop: null,
  };
}

/** Puts the rows without an answer into the order in which a run takes them, with its sample. */
export function queueRows({
  tokens,
  answered,
  sample: whole,
  seed,
}: Pick<DeadlineOptions, "tokens" | "answered" | "sample" | "seed">): {
  readonly rows: readonly number[];
  readonly sample: SampleSizes;
  readonly queue: Queue;
} {
  const done = new Set(answered);
  const rows = [...tokens.keys()].filter((row) => !done.has(row));
  const sample = sampleSizesOfRest(whole, tokens.length, rows.length);
  return { rows, sample, queue: createQueue(tokens, rows, chooseSample(tokens, rows, sample.rows, seed)) };
}

/** Replaces the moments that limit the run. The deadline comes nearer in monotonic time when the machine sleeps. */
export function withBudget(state: DeadlineState, budget: DeadlineOptions["budget"]): DeadlineState {
  return budget === state.options.budget ? state : { ...state, options: { ...state.options, budget } };
}

/** Computes the prompt tokens that a row is expected to take within a token budget. */
export function plannedTokens({ tokens }: DeadlineOptions, row: number, tokenBudget: number | null): number {
  return Math.min(tokens[row] ?? 0, tokenBudget ?? Number.POSITIVE_INFINITY);
}

/** Returns the token budget for rows of the first pass on the present step; null for as many as the model takes. */
export function budgetInUse({ steps, position }: DeadlineState): number | null {
  return steps[position.index]?.tokenBudget ?? null;
}

/** Counts the rows of the first pass that are answered or given up. */
export function settledRows({ answered, gaveUp }: FirstPass): number {
  return answered + gaveUp;
}
