import { mean } from "../numbers/sums.ts";
import type { PerClass } from "../types.ts";
import { fallOf } from "./fall.ts";
import { fillKnapsack, type KnapsackItems, type TimeBudget } from "./knapsack.ts";
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

/** The time left, s, after the reserve and the work in flight; 0 for an engine that is gone, Infinity without a deadline. */
export type EscalationEngines =
  | {
      readonly kind: "turns";
      readonly running: JudgeIndex;
      readonly secondsLeft: number;
      /**
       * Seconds from the stop of the small judge's engine until the large judge answers, Infinity when its engine is gone; the error
       * is relative.
       */
      readonly startUp: { readonly seconds: number; readonly error: number };
    }
  | { readonly kind: "side-by-side"; readonly secondsLeft: readonly [small: number, large: number] };

/** What a plan decides on. */
export interface EscalationInput extends EscalationTime {
  readonly model: EscalationModel;
}

/** The rows, and the time for them. */
export interface EscalationTime {
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
export function planEscalation({ model, ...time }: EscalationInput): EscalationPlan {
  return planByFalls(time, (row, to) => {
    const move = moveBetween(row.counts, to);
    return move === null ? 0 : fallOf(model.falls[move], row.probabilities);
  });
}

/** Gives by how many nats the log loss of a row is expected to fall when it gets as many answers as `to` says. */
export type FallTo = (row: EscalationRow, to: AnswerCounts) => number;

/** Plans as planEscalation does, with any other knowledge of what further answers bring. */
export function planByFalls(time: EscalationTime, fallTo: FallTo): EscalationPlan {
  const input = { ...time, fallTo };
  const rows = time.rows.toSorted((one, other) => one.row - other.row);
  const { engines } = time;
  switch (engines.kind) {
    case "side-by-side": {
      const planned = fill(input, rows, { budget: { kind: "separate", seconds: engines.secondsLeft } });
      return planOf(planned, null);
    }
    case "turns": {
      const { secondsLeft: seconds, running } = engines;
      const stay = fill(input, rows, { budget: { kind: "shared", seconds }, only: running });
      const mayChange = running === 0 && Number.isFinite(engines.startUp.seconds);
      return mayChange ? chooseTurn(input, rows, stay, engines) : planOf(stay, null);
    }
    default:
      return engines satisfies never;
  }
}

interface PlanInput extends EscalationTime {
  readonly fallTo: FallTo;
}

/** Points and weights of a normal distribution that keep its mean, variance and fourth moment: Gauss-Hermite with 3 points. */
const NODES = [
  [-Math.sqrt(3), 1 / 6],
  [0, 2 / 3],
  [Math.sqrt(3), 1 / 6],
] as const;

function chooseTurn(
  input: PlanInput,
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
  readonly budget: TimeBudget;
  readonly only?: JudgeIndex;
  readonly slowdown?: number;
}

function fill(input: PlanInput, rows: readonly EscalationRow[], options: FillOptions): Planned {
  const { items, ends } = waysOf(input, rows, options);
  const { chosen, value } = fillKnapsack(items, options.budget);
  const steps = rows.flatMap((row, item) => {
    const way = chosen[item] ?? -1;
    return way < 0 ? [] : stepsTo(input, row, ends[way] as AnswerCounts);
  });
  steps.sort((one, other) => other.perSecond - one.perSecond || one.ask.row - other.ask.row);
  const of = (judge: JudgeIndex): readonly StepToAsk[] =>
    steps.map(({ ask }) => ask).filter(({ step }) => step.judge === judge);
  return { steps: [of(0), of(1)], value };
}

/** Lists what each row may come to. What is not expected to lower its log loss is left out. */
function waysOf(
  input: PlanInput,
  rows: readonly EscalationRow[],
  { only, slowdown = 1 }: FillOptions,
): { items: KnapsackItems; ends: readonly AnswerCounts[] } {
  const starts = new Uint32Array(rows.length + 1);
  const ends: AnswerCounts[] = [];
  const values: number[] = [];
  const seconds: [number[], number[]] = [[], []];
  for (const [index, row] of rows.entries()) {
    const [small, large] = row.counts;
    const [ofSmall, ofLarge] = [secondsOf(input, row, 0), slowdown * secondsOf(input, row, 1)];
    const mostSmall = only === 1 ? 0 : openOf(row, 0);
    const mostLarge = only === 0 ? 0 : openOf(row, 1);
    for (let first = 0; first <= mostSmall; first += 1) {
      for (let second = 0; second <= mostLarge; second += 1) {
        const to: AnswerCounts = [(small + first) as OrderCount, (large + second) as OrderCount];
        const value = input.fallTo(row, to);
        if (!(value > 0)) continue;
        ends.push(to);
        values.push(value);
        seconds[0].push(first * ofSmall);
        seconds[1].push(second * ofLarge);
      }
    }
    starts[index + 1] = ends.length;
  }
  const [small, large] = seconds.map((list) => Float64Array.from(list)) as [Float64Array, Float64Array];
  return { items: { starts, values: Float64Array.from(values), seconds: [small, large] }, ends };
}

function openOf({ open }: EscalationRow, judge: JudgeIndex): number {
  let count = 0;
  for (const step of open) if (step.judge === judge) count += 1;
  return count;
}

function secondsOf({ paces }: EscalationTime, { tokens }: EscalationRow, judge: JudgeIndex): number {
  const { secondsPerRow, secondsPerToken } = paces[judge];
  return secondsPerRow + secondsPerToken * tokens[judge];
}

interface RankedStep {
  readonly ask: StepToAsk;
  readonly perSecond: number;
}

/**
 * Lists the steps of a way, the small judge's first, each with what it adds to those before it. Where the second order of a judge brings
 * more than the first, both share what they bring together, because the one is asked for the sake of the other.
 */
function stepsTo(input: PlanInput, row: EscalationRow, to: AnswerCounts): readonly RankedStep[] {
  const ranked: RankedStep[] = [];
  let counts = row.counts;
  let fallen = 0;
  for (const judge of [0, 1] as const) {
    const seconds = secondsOf(input, row, judge);
    const steps: StepToAsk[] = [];
    for (const step of row.open.filter((each) => each.judge === judge).slice(0, to[judge] - row.counts[judge])) {
      counts = oneMore(counts, judge);
      const total = Math.max(fallen, input.fallTo(row, counts));
      steps.push({ row: row.row, step: { judge, order: step.order }, fall: total - fallen, seconds });
      fallen = total;
    }
    const falls = steps.map(({ fall }) => fall);
    const rises = falls.some((fall, at) => fall > (falls[at - 1] ?? fall));
    ranked.push(...steps.map((ask) => ({ ask, perSecond: (rises ? mean(falls) : ask.fall) / seconds })));
  }
  return ranked;
}

function oneMore([small, large]: AnswerCounts, judge: JudgeIndex): AnswerCounts {
  return judge === 0 ? [(small + 1) as OrderCount, large] : [small, (large + 1) as OrderCount];
}
