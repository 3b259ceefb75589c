import { planBudget } from "../../src/deadline/budget.ts";
import { decide } from "../../src/deadline/decide.ts";
import type { Decision } from "../../src/deadline/decision.ts";
import { withRowOrder } from "../../src/deadline/ladder.ts";
import { type DeadlineEvent, observe } from "../../src/deadline/observe.ts";
import { sampleSizes } from "../../src/deadline/sample.ts";
import { createState, type DeadlineState } from "../../src/deadline/state.ts";
import { usualShares, usualSteps } from "../../src/deadline/steps.ts";
import type { SwapRow } from "../../src/deadline/swap-pass.ts";
import { type PromptToScore, takeNext } from "../../src/deadline/take.ts";
import type { Obtained } from "../../src/types.ts";
import { createClient, type Request } from "./client.ts";
import { createEngineModel } from "./engine-model.ts";
import { createRandom } from "./random.ts";
import type { Scenario } from "./scenario.ts";

/** The end of a simulated run. Times are ms from its start. */
export interface Result {
  readonly rows: readonly Obtained[];
  /** How often each row was answered in the first pass and in the swap pass. */
  readonly answers: readonly (readonly [first: number, second: number])[];
  readonly endedAt: number;
  readonly state: DeadlineState;
  readonly last: Decision;
}

export interface SimulateOptions {
  readonly orders?: "one" | "auto" | "both";
  readonly onOverrun?: "degrade" | "stop";
  /** Decisions until the deadline. */
  readonly decisions?: number;
  /** Receives every decision, and whether the engine is up. */
  readonly watch?: (state: DeadlineState, decision: Decision, isUp: boolean) => void;
}

/** Time to write the last file and leave, ms. */
const FINAL_MS = 1_000;
/** A server is killed after this time without an answer (ms), or after this many times the expected time of a request if that is longer. */
const LEAST_PATIENCE_MS = 120_000;
const PATIENCE = 5;
/** The same while the speed is unknown. */
const FIRST_PATIENCE_MS = 900_000;
/** Starts that fail before a server that does not come back is given up. */
const LAST_STARTS = 3;

/** Runs a scenario with the real functions of src/deadline, from event to event, in the scenario's time and not in the machine's. */
export function simulate(scenario: Scenario, options: SimulateOptions = {}): Result {
  const { engine: settings, deadlineMs } = scenario;
  const { orders = "auto", onOverrun = "degrade", decisions = 500, watch } = options;
  const random = createRandom(scenario.seed + 1_000_003);
  const budget = scenario.isTimed ? planBudget(0, deadlineMs) : null;
  const endAt = budget?.workEndAt ?? Number.POSITIVE_INFINITY;
  const answers = scenario.lengths.map((): [number, number] => [0, 0]);
  const rows: Obtained[] = scenario.lengths.map(() => "prior");
  const hangs = [...settings.hangs];
  const deaths = scenario.faults.filter((fault) => fault.kind === "death").sort((one, other) => one.at - other.at);
  let now = 0;
  let upAt = settings.startMs;
  let isUp = false;
  let lostAt = Number.POSITIVE_INFINITY;
  let nextDecision = 0;
  let state = createState({
    tokens: scenario.lengths,
    answered: [],
    budget,
    startedAt: 0,
    steps: usualSteps(orders, [{ name: "one-order-short", tokenBudget: scenario.shortContext }]).map(withRowOrder),
    sample: sampleSizes(scenario.lengths.length),
    confidence: 0.99,
    onOverrun,
    swapPass: usualShares(orders),
    mostSwapRows: scenario.lengths.length,
    seed: scenario.seed,
  });

  const notify = (event: DeadlineEvent): void => {
    state = observe(state, event);
  };
  const take = (count: number): readonly PromptToScore[] => {
    const taken = takeNext(state, count);
    state = taken.state;
    return taken.tasks;
  };
  const answered = (task: PromptToScore): void => {
    const times = answers[task.row];
    if (times !== undefined) times[task.order === "ab" ? 0 : 1] += 1;
    rows[task.row] = obtainedBy(scenario, task);
  };
  const engine = createEngineModel<Request>({ ...settings, hangs }, random);
  const client = createClient({ scenario, engine, random, notify, take, answered });
  const goDown = (comesBack: boolean): void => {
    isUp = false;
    upAt = comesBack ? now + settings.startMs : Number.POSITIVE_INFINITY;
    if (!comesBack) lostAt = now + LAST_STARTS * settings.startMs;
    notify({ type: "engine", at: now, up: false });
    client.loseAll(now);
  };
  const ask = (): Decision => {
    let asked = decide(state, now);
    if (asked.decision.swapPass.needsRanking) {
      notify({ type: "ranked", rows: rankedRows(scenario, rows) });
      asked = decide(state, now);
    }
    state = asked.state;
    watch?.(state, asked.decision, isUp);
    return asked.decision;
  };

  for (;;) {
    const deathAt = isUp ? (deaths[0]?.at ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const next = isUp ? client.nextAt(now) : Math.min(upAt, lostAt);
    now = Math.max(now, Math.min(next, nextDecision, deathAt, endAt));
    if (!isUp && now >= upAt) {
      isUp = true;
      upAt = Number.POSITIVE_INFINITY;
      engine.restart(now);
      notify({ type: "engine", at: now, up: true });
    }
    if (now >= lostAt) {
      lostAt = Number.POSITIVE_INFINITY;
      nextDecision = now;
      notify({ type: "engine", at: now, up: false, lost: true });
    }
    if (isUp) client.settle(now);
    if (now >= deathAt) goDown(deaths.shift()?.comesBack ?? true);
    if (isUp) client.fill(now);
    if (now < nextDecision && now < endAt && !client.isIdle()) continue;

    const decision = ask();
    nextDecision = now + Math.max(1_000, deadlineMs / decisions);
    const { stop } = decision;
    if (stop !== null && (client.isIdle() || stop.kind !== "complete")) {
      return { rows, answers, endedAt: now + FINAL_MS, state, last: decision };
    }
    if (isUp && decision.silentMs > patienceMs(state, decision)) {
      // A server that answers nothing is killed and started again; the new process does not hang.
      for (const hang of hangs.splice(0)) if (hang.at > now) hangs.push(hang);
      goDown(true);
    }
    if (isUp) client.fill(now);
  }
}

/** Time without an answer after which the server is killed, ms: in a full engine a request waits for all that were sent before it. */
function patienceMs({ speed }: DeadlineState, { forecast }: Decision): number {
  if (speed.mixture === null) return FIRST_PATIENCE_MS;
  return Math.max(LEAST_PATIENCE_MS, PATIENCE * (forecast?.msPerRow ?? 0) * speed.windows.concurrency);
}

function obtainedBy({ lengths }: Scenario, { row, order, tokenBudget }: PromptToScore): Obtained {
  if (order === "ba") return "both-orders";
  return (lengths[row] ?? 0) > (tokenBudget ?? Number.POSITIVE_INFINITY) ? "one-order-short" : "one-order";
}

/** All rows with one answer, as good as any order here: a simulated row has no probabilities. */
function rankedRows({ lengths, shortContext }: Scenario, rows: readonly Obtained[]): readonly SwapRow[] {
  return [...rows.entries()]
    .filter(([, obtained]) => obtained !== "prior")
    .map(([row, obtained]) => {
      const tokenBudget = obtained === "one-order-short" ? shortContext : null;
      return {
        row,
        order: "ba",
        tokenBudget,
        tokens: Math.min(lengths[row] ?? 0, tokenBudget ?? Number.POSITIVE_INFINITY),
      };
    });
}
