import type { Budget } from "../deadline/budget.ts";
import { mayScoreBothOrders } from "../deadline/run-plan.ts";
import type { SwapRow } from "../deadline/swap-pass.ts";
import type { Pilot } from "../escalate/file.ts";
import type { EscalationModel } from "../escalate/model.ts";
import { type EscalationPlan, type EscalationRow, type Pace, planEscalation } from "../escalate/plan.ts";
import type { AnswerCounts, EscalationStep, JudgeIndex } from "../escalate/steps.ts";
import { sum } from "../numbers/sums.ts";
import { isAnswered, type RunState, tokenBudgetOf } from "../runfolder/state/run-state.ts";
import type { Clock, Order, PerClass } from "../types.ts";
import type { Chooser } from "./chooser.ts";
import { guessedPace, slowerBy, startUpOf } from "./engine-guesses.ts";
import type { Planner } from "./planner.ts";

/** How the engines of two judges share the time: one after the other on the same machine, or each on its own. */
export type EngineSharing = "turns" | "side-by-side";

/** What one of two judges gets from the run that holds both. */
export interface Seat {
  readonly chooser: Chooser;
  /** True for the first judge, which judges every row; all prompts of the second are chosen. */
  readonly hasFirstPass: boolean;
  /** Call this when the planner of the judge is made; `tokens` are the estimated prompt tokens of every row. */
  readonly onPlanner: (planner: Planner, tokens: readonly number[]) => void;
  /** Call this when the judge gets no further answers, and wait for it before its engine is stopped: the stop may take long. */
  readonly onScored?: () => void | Promise<void>;
  /** Name of the second judge and the number of its answers, for the live line. */
  readonly second: () => { readonly name: string; readonly answers: number };
  /** False while the other judge shows the progress of both. */
  readonly showsProgress: () => boolean;
}

/** Decides which rows get which further answers of two judges, from the answers, paces and time so far; see planEscalation. */
export interface Escalator {
  readonly seats: readonly [first: Seat, second: Seat];
  /** Plans from this moment on; the first engine runs until `firstIsOver` was called. */
  readonly plan: () => EscalationPlan;
  /** Call this when the first judge gets no further answers in this session. */
  readonly firstIsOver: () => void;
  /** Call this when the engine of the second judge is gone, so that nothing is left to it. */
  readonly secondIsOver: () => void;
}

export interface EscalatorOptions {
  readonly names: readonly [string, string];
  readonly states: readonly [first: RunState, second: RunState];
  readonly model: EscalationModel;
  /** What labelled rows or benches showed of the engines; null when neither did. */
  readonly pilot: Pilot | null;
  /** The probabilities of a row by its used answers, and how many these are by judge; null before the first judge has answered it. */
  readonly combinedOf: (row: number) => { readonly probabilities: PerClass; readonly counts: AnswerCounts } | null;
  /** The steps that rows may get besides the first. */
  readonly steps: readonly EscalationStep[];
  /** True to ask for all these steps of every row when there is no deadline, whatever they are expected to bring. */
  readonly asksAll: boolean;
  readonly sharing: EngineSharing;
  /** The moments that limit the run, monotonic ms; null without a deadline. */
  readonly budget: () => Budget | null;
  /** Seconds that the engine of each judge took to start, see knownStart; the second's begin at the stop of the first. */
  readonly startUpSeconds: readonly [first: () => number | null, second: number | null];
  readonly clock: Clock;
}

/** A plan is renewed after this time (ms), because paces become known and answers come in. */
const RENEW_MS = 20_000;
/** When all prompts of a plan are taken, it is renewed at most this often (ms) while others are in flight. */
const LEAST_MS = 2_000;
/** A pace that an earlier session measured has this relative error. */
const JOURNALED_ERROR = 0.2;
/** The pace of a judge of which nothing is known. */
const UNKNOWN_PACE: Pace = { secondsPerRow: 0.05, secondsPerToken: 0, error: 1 };

/** Creates the escalator of a session. */
export function createEscalator(options: EscalatorOptions): Escalator {
  const { names, states, model, pilot, combinedOf, steps, sharing, clock } = options;
  const [first, second] = states;
  const planners: [Planner | null, Planner | null] = [null, null];
  const lengths: [readonly number[], readonly number[]] = [[], []];
  const inFlight: readonly [Set<number>, Set<number>] = [new Set(), new Set()];
  // The prompts that ended in this session without an answer: asked again, they would take the places of others in every plan.
  const givenUp: readonly [Set<string>, Set<string>] = [new Set(), new Set()];
  const over = { first: false, second: false };

  const tokensOf = (judge: JudgeIndex, row: number): number => {
    const known = first.orders.ab.tokens[row] || first.orders.ba.tokens[row] || 0;
    return judge === 0 ? known : (lengths[1][row] ?? known);
  };
  const secondsLeft = (): number => {
    const budget = options.budget();
    return budget === null ? Number.POSITIVE_INFINITY : Math.max(0, (budget.workEndAt - clock.monotonic()) / 1_000);
  };
  const paces = (): readonly [Pace, Pace] => {
    const measured = [measuredPace(planners[0], first), measuredPace(planners[1], second)] as const;
    const slower = slowerBy(pilot);
    const inverse = { ...slower, factor: 1 / slower.factor };
    const firstPace = measured[0] ?? (measured[1] === null ? UNKNOWN_PACE : guessedPace(measured[1], inverse));
    return [firstPace, measured[1] ?? guessedPace(firstPace, slower)];
  };
  const rowsOf = (): readonly EscalationRow[] => {
    const rows: EscalationRow[] = [];
    for (let row = 0; row < first.rows; row += 1) {
      if (inFlight.some((flying) => flying.has(row))) continue;
      const combined = combinedOf(row);
      if (combined === null) continue;
      const open = steps.filter(
        ({ judge, order }) => !isAnswered(states[judge], row, order) && !givenUp[judge].has(keyOf(row, order)),
      );
      if (open.length === 0) continue;
      rows.push({
        row,
        probabilities: combined.probabilities,
        counts: withFirst(combined.counts),
        open,
        tokens: [tokensOf(0, row), tokensOf(1, row)],
      });
    }
    return rows;
  };
  const plan = (): EscalationPlan => {
    const left = secondsLeft();
    const known = paces();
    const startUp = over.second
      ? { seconds: Number.POSITIVE_INFINITY, error: 0 }
      : startUpOf(options.startUpSeconds[1], { pilot, first: options.startUpSeconds[0]() });
    const engines =
      sharing === "turns"
        ? ({ kind: "turns", running: over.first ? 1 : 0, secondsLeft: left, startUp } as const)
        : ({
            kind: "side-by-side",
            secondsLeft: [over.first ? 0 : afterFirstPass(first, lengths[0], known[0], left), over.second ? 0 : left],
          } as const);
    const rows = rowsOf();
    const planned = planEscalation({ model, rows, paces: known, engines });
    return options.asksAll && left === Number.POSITIVE_INFINITY ? withAllSteps(planned, rows) : planned;
  };
  const rank = (judge: JudgeIndex): readonly SwapRow[] => {
    const planned = plan();
    if (judge === 0 && planned.action === "switch") return [];
    return planned.steps[judge].map(({ row, step }) => ({
      row,
      order: step.order,
      tokens: tokensOf(judge, row),
      tokenBudget: judge === 0 ? tokenBudgetOf(first, row, "ab") : null,
    }));
  };
  const answers = (): number => sum(states.flatMap(({ orders: { ab, ba } }) => [ab.answered, ba.answered]));
  const seatOf = (judge: JudgeIndex): Seat => {
    let ranked = 0;
    return {
      chooser: {
        rank: () => {
          ranked = answers();
          return rank(judge);
        },
        isStale: ({ ageMs, isUsedUp }) => {
          if (answers() === ranked) return false;
          return ageMs > RENEW_MS || (isUsedUp && (ageMs > LEAST_MS || inFlight[judge].size === 0));
        },
        mayGrow: () => judge === 1 && sharing === "side-by-side" && !over.first,
        onTaken: (row) => inFlight[judge].add(row),
        onEnded: (row, order) => {
          inFlight[judge].delete(row);
          if (!isAnswered(states[judge], row, order)) givenUp[judge].add(keyOf(row, order));
        },
      },
      hasFirstPass: judge === 0,
      onPlanner: (planner, tokens) => {
        planners[judge] = planner;
        lengths[judge] = tokens;
      },
      second: () => ({ name: names[1], answers: second.orders.ab.answered + second.orders.ba.answered }),
      showsProgress: () => judge === 0 || over.first,
    };
  };
  return {
    seats: [seatOf(0), seatOf(1)],
    plan,
    firstIsOver: () => {
      over.first = true;
    },
    secondIsOver: () => {
      over.second = true;
    },
  };
}

/** Lists the steps that the rows of a run may get besides the first answer of the first judge. */
export function stepsOf(config: Parameters<typeof mayScoreBothOrders>[0]): readonly EscalationStep[] {
  const swapped = mayScoreBothOrders(config);
  return [
    ...(swapped ? [{ judge: 0, order: "ba" } as const] : []),
    { judge: 1, order: "ab" },
    ...(swapped ? [{ judge: 1, order: "ba" } as const] : []),
  ];
}

/** Adds to a plan every open step that it lacks: labelled rows with all answers show what each further answer brings. */
function withAllSteps(plan: EscalationPlan, rows: readonly EscalationRow[]): EscalationPlan {
  const all = (judge: JudgeIndex): EscalationPlan["steps"][JudgeIndex] => {
    const planned = new Set(plan.steps[judge].map(({ row, step }) => keyOf(row, step.order)));
    const missing = rows.flatMap(({ row, open }) =>
      open
        .filter((step) => step.judge === judge && !planned.has(keyOf(row, step.order)))
        .map((step) => ({ row, step, fall: 0, seconds: 0 })),
    );
    return [...plan.steps[judge], ...missing];
  };
  const steps = [all(0), all(1)] as const;
  return { ...plan, steps, action: steps[0].length > 0 ? "ask" : plan.action };
}

function keyOf(row: number, order: Order): string {
  return `${row} ${order}`;
}

/** A row whose answers of the first judge the mass policy left out has the prior: it gains what a row with one uncertain answer gains. */
function withFirst([small, large]: AnswerCounts): AnswerCounts {
  return [small === 0 ? 1 : small, large];
}

/** The pace of this session, or else that of an earlier one; null when there is none. */
function measuredPace(planner: Planner | null, { msPerRow }: RunState): Pace | null {
  const pace = planner?.pace() ?? null;
  if (pace !== null) return pace;
  return msPerRow === null ? null : { secondsPerRow: msPerRow / 1_000, secondsPerToken: 0, error: JOURNALED_ERROR };
}

/** The time of the first engine that its first pass leaves, s. */
function afterFirstPass(state: RunState, lengths: readonly number[], pace: Pace, left: number): number {
  let work = 0;
  for (let row = 0; row < state.rows; row += 1) {
    if (!isAnswered(state, row, "ab")) work += pace.secondsPerRow + pace.secondsPerToken * (lengths[row] ?? 0);
  }
  return Math.max(0, left - work);
}
