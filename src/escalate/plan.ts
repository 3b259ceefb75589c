import type { PerClass } from "../types.ts";
import { fallOf } from "./fall.ts";
import { type Filling, fillKnapsack, type KnapsackOption } from "./knapsack.ts";
import { type EscalationModel, moveBetween } from "./model.ts";
import type { AnswerCounts, EscalationStep, JudgeIndex, OrderCount } from "./steps.ts";

/** How long an engine takes for a step: wall time of the engine per prompt (1 / rate), not the latency of a request. */
export interface Pace {
  readonly secondsPerRow: number;
  readonly secondsPerToken: number;
  /** Standard error relative to the pace: 0.1 for 10 %. */
  readonly error: number;
}

/** A row that may get further answers. A row of which a step is in flight is left out. */
export interface EscalationRow {
  readonly row: number;
  /** The probabilities by the answers that it has. */
  readonly probabilities: PerClass;
  readonly counts: AnswerCounts;
  /** The steps that may be asked: neither answered nor given up. */
  readonly open: readonly EscalationStep[];
  /** Prompt tokens of a step by each judge. */
  readonly tokens: readonly [small: number, large: number];
}

/** The time left, s, after the reserve and the work in flight; 0 for an engine that is gone. */
export type EscalationEngines =
  | {
      readonly kind: "turns";
      readonly running: JudgeIndex;
      readonly secondsLeft: number;
      /** Seconds from the stop of the small judge's engine until the large judge answers; the error is relative. */
      readonly startUp: { readonly seconds: number; readonly error: number };
    }
  | { readonly kind: "side-by-side"; readonly secondsLeft: readonly [small: number, large: number] };

/** What a plan decides on. */
export interface EscalationInput {
  readonly model: EscalationModel;
  readonly rows: readonly EscalationRow[];
  readonly paces: readonly [small: Pace, large: Pace];
  readonly engines: EscalationEngines;
}

/** A step of a plan. */
export interface StepToAsk {
  readonly row: number;
  readonly step: EscalationStep;
  /** Expected fall of the row's log loss, nats. */
  readonly fall: number;
  /** Expected wall time of the engine, s. */
  readonly seconds: number;
}

/** What is asked of each judge, in this order, and what it is expected to bring. */
export interface EscalationPlan {
  readonly steps: readonly [small: readonly StepToAsk[], large: readonly StepToAsk[]];
  /** `switch`: stop the small judge's engine and start the large one's now. `finish`: no step is worth its time. */
  readonly action: "ask" | "switch" | "finish";
  /** Expected fall of the log loss, nats, summed over the rows. */
  readonly expectedFall: number;
  /** The same for the running judge alone, and with the large judge after its start; null where there is no such choice. */
  readonly choice: { readonly stay: number; readonly change: number } | null;
}

/**
 * Plans which rows get which further answers in the time left, so that the expected log loss falls most: each row takes the
 * answers that bring most at the common price of a second (the single shadow price of "Is Escalation Worth It?", arXiv 2605.06350,
 * and of "A Unified Approach to Routing and Cascading for LLMs", arXiv 2410.10347). Where the engines take turns, the start of the large
 * one is a fixed cost: the plan compares staying with changing, over the uncertainty of that start and of the large judge's pace.
 * What the small judge is asked comes before the change. A pure function without memory: call it again as answers and paces become
 * known. The order of the rows in the input has no effect.
 */
export function planEscalation(input: EscalationInput): EscalationPlan {
  const rows = input.rows.toSorted((one, other) => one.row - other.row);
  const { engines } = input;
  switch (engines.kind) {
    case "side-by-side": {
      const planned = fill(input, rows, { budget: { kind: "separate", seconds: engines.secondsLeft } });
      return planOf(planned, null);
    }
    case "turns": {
      const { secondsLeft: seconds, running } = engines;
      const stay = fill(input, rows, { budget: { kind: "shared", seconds }, only: running });
      return running === 1 ? planOf(stay, null) : chooseTurn(input, rows, stay, engines);
    }
    default:
      return engines satisfies never;
  }
}

/** Points and weights of a normal distribution that keep its mean, variance and fourth moment: Gauss-Hermite with 3 points. */
const NODES = [
  [-Math.sqrt(3), 1 / 6],
  [0, 2 / 3],
  [Math.sqrt(3), 1 / 6],
] as const;

function chooseTurn(
  input: EscalationInput,
  rows: readonly EscalationRow[],
  stay: Planned,
  { secondsLeft, startUp }: Extract<EscalationEngines, { kind: "turns" }>,
): EscalationPlan {
  // The large judge is slow to start and slow to answer for the same reasons, so both errors go the same way.
  const changes = NODES.map(([node, weight]) => {
    const seconds = secondsLeft - startUp.seconds * Math.exp(node * startUp.error);
    const slowdown = Math.exp(node * input.paces[1].error);
    return { weight, planned: fill(input, rows, { budget: { kind: "shared", seconds }, slowdown }) };
  });
  const change = changes.reduce((total, { weight, planned }) => total + weight * planned.value, 0);
  const expected = changes[1]?.planned;
  const choice = { stay: stay.value, change };
  if (expected === undefined || expected.steps[1].length === 0 || change <= stay.value) return planOf(stay, choice);
  const plan = planOf({ ...expected, value: change }, choice);
  return { ...plan, action: plan.steps[0].length > 0 ? "ask" : "switch" };
}

interface Planned {
  readonly steps: readonly [readonly StepToAsk[], readonly StepToAsk[]];
  readonly value: number;
}

function planOf({ steps, value }: Planned, choice: EscalationPlan["choice"]): EscalationPlan {
  const action = steps[0].length + steps[1].length > 0 ? "ask" : "finish";
  return { steps, action, expectedFall: value, choice };
}

/** Which time there is, of which judge alone (default both), and how many times slower the large judge is than expected. */
interface FillOptions {
  readonly budget: Parameters<typeof fillKnapsack>[1];
  readonly only?: JudgeIndex;
  readonly slowdown?: number;
}

function fill(input: EscalationInput, rows: readonly EscalationRow[], options: FillOptions): Planned {
  const ways = rows.map((row) => waysOf(input, row, options));
  const filling: Filling = fillKnapsack(ways, options.budget);
  const steps = rows.flatMap((row, item) => {
    const chosen = filling.chosen[item] ?? null;
    const way = chosen === null ? undefined : ways[item]?.[chosen];
    return way === undefined ? [] : stepsTo(input, row, way);
  });
  steps.sort((one, other) => other.perSecond - one.perSecond || one.ask.row - other.ask.row);
  const of = (judge: JudgeIndex): readonly StepToAsk[] =>
    steps.map(({ ask }) => ask).filter(({ step }) => step.judge === judge);
  return { steps: [of(0), of(1)], value: filling.value };
}

/** A way to go on with a row: the counts that it comes to. */
interface Way extends KnapsackOption {
  readonly to: AnswerCounts;
}

/** Lists what a row may come to. What is not expected to lower its log loss is left out. */
function waysOf(input: EscalationInput, row: EscalationRow, { only, slowdown = 1 }: FillOptions): readonly Way[] {
  const [small, large] = row.counts;
  const open = (judge: JudgeIndex): number =>
    only === undefined || only === judge ? row.open.filter((step) => step.judge === judge).length : 0;
  const seconds = [secondsOf(input, row, 0), slowdown * secondsOf(input, row, 1)] as const;
  const ways: Way[] = [];
  for (let first = small; first <= small + open(0); first += 1) {
    for (let second = large; second <= large + open(1); second += 1) {
      const to: AnswerCounts = [first as OrderCount, second as OrderCount];
      const value = fallTo(input.model, row, to);
      if (value > 0) ways.push({ to, value, seconds: [(first - small) * seconds[0], (second - large) * seconds[1]] });
    }
  }
  return ways;
}

function fallTo(model: EscalationModel, { counts, probabilities }: EscalationRow, to: AnswerCounts): number {
  const move = moveBetween(counts, to);
  return move === null ? 0 : fallOf(model.falls[move], probabilities);
}

function secondsOf({ paces }: EscalationInput, { tokens }: EscalationRow, judge: JudgeIndex): number {
  const { secondsPerRow, secondsPerToken } = paces[judge];
  return secondsPerRow + secondsPerToken * tokens[judge];
}

interface RankedStep {
  readonly ask: StepToAsk;
  readonly perSecond: number;
}

/** Lists the steps of a way, the small judge's first, each with what it adds to those before it. */
function stepsTo(input: EscalationInput, row: EscalationRow, { to }: Way): readonly RankedStep[] {
  const steps: RankedStep[] = [];
  let counts = row.counts;
  let fallen = 0;
  for (const judge of [0, 1] as const) {
    const orders = row.open.filter((step) => step.judge === judge).slice(0, to[judge] - row.counts[judge]);
    const seconds = secondsOf(input, row, judge);
    for (const { order } of orders) {
      counts = oneMore(counts, judge);
      const total = Math.max(fallen, fallTo(input.model, row, counts));
      const perSecond = Math.min((total - fallen) / seconds, steps.findLast(isOf(judge))?.perSecond ?? Infinity);
      steps.push({ ask: { row: row.row, step: { judge, order }, fall: total - fallen, seconds }, perSecond });
      fallen = total;
    }
  }
  return steps;
}

function isOf(judge: JudgeIndex): (step: RankedStep) => boolean {
  return ({ ask }) => ask.step.judge === judge;
}

function oneMore([small, large]: AnswerCounts, judge: JudgeIndex): AnswerCounts {
  return judge === 0 ? [(small + 1) as OrderCount, large] : [small, (large + 1) as OrderCount];
}
