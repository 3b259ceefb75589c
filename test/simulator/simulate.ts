import { planBudget } from "../../src/clock/budget.ts";
import { decide } from "../../src/clock/decide.ts";
import type { Decision } from "../../src/clock/decision.ts";
import { type ClockEvent, observe } from "../../src/clock/observe.ts";
import { usualShares, usualSteps } from "../../src/clock/rules.ts";
import { type ClockState, createState } from "../../src/clock/state.ts";
import { type Task, takeNext } from "../../src/clock/take.ts";
import { createEngineModel, type ModelRequest } from "./engine-model.ts";
import { createRandom } from "./random.ts";
import type { Scenario } from "./scenario.ts";

/** How a row ended. */
export type RowEnd = "both-orders" | "one-order" | "one-order-short" | "prior";

/** What came out of a simulated run. Times are ms from its start. */
export interface Result {
  readonly rows: readonly RowEnd[];
  readonly endedAt: number;
  readonly state: ClockState;
  readonly last: Decision;
  /** Why the run ended. */
  readonly stop: string;
}

export interface SimulateOptions {
  readonly orders?: "one" | "auto" | "both";
  readonly onOverrun?: "degrade" | "stop";
  /** Decisions until the deadline. */
  readonly decisions?: number;
  /** Hears every decision. */
  readonly watch?: (state: ClockState, decision: Decision, isEngineUp: boolean) => void;
}

interface Request extends ModelRequest {
  readonly tasks: readonly Task[];
  readonly startedAt: number;
  readonly attempt: number;
}

interface Waiting {
  readonly due: number;
  readonly tasks: readonly Task[];
  readonly attempt: number;
}

const FAIL_MS = 20;
const FINAL_MS = 1_000;

/** Runs a scenario with the real clock functions: event by event, in the time of the scenario and not of the machine. */
export function simulate(
  scenario: Scenario,
  { orders = "auto", onOverrun = "degrade", decisions = 500, watch }: SimulateOptions = {},
): Result {
  const { engine: settings, lengths, deadlineMs, shortContext } = scenario;
  const random = createRandom(scenario.seed + 1_000_003);
  const budget = scenario.isTimed ? planBudget(0, deadlineMs) : null;
  const rows: RowEnd[] = lengths.map(() => "prior");
  const hangs = [...settings.hangs];
  const engine = createEngineModel<Request>({ ...settings, hangs }, random);
  const inFlight = new Set<Request>();
  const deaths = scenario.faults.filter((fault) => fault.kind === "death").sort((one, other) => one.at - other.at);
  const decideEveryMs = Math.max(1_000, deadlineMs / decisions);
  let failing: { due: number; request: Request }[] = [];
  const retries: Waiting[] = [];
  let now = 0;
  let upAt: number | null = settings.startMs;
  let isUp = false;
  let nextDecision = 0;
  let state = createState({
    tokens: lengths,
    answered: [],
    budget,
    startedAt: 0,
    steps: usualSteps(orders, shortContext),
    confidence: 0.99,
    onOverrun,
    secondPass: usualShares(orders),
    seed: scenario.seed,
  });
  let last: Decision | null = null;

  const tell = (event: ClockEvent): void => {
    state = observe(state, event);
  };
  const ended = (request: Request, ok: boolean): void => {
    inFlight.delete(request);
    const prompts = request.tasks.map((task) => ({ ...task, tokens: lengthOf(lengths, task) }));
    const { startedAt } = request;
    const concurrency = scenario.concurrency * scenario.promptsPerRequest;
    tell({ type: "request", startedAt, finishedAt: now, ok, prompts, concurrency });
    if (ok) for (const task of request.tasks) rows[task.row] = endOf(task, lengths[task.row] ?? 0);
    else fail(request, now);
  };
  const fail = (request: Request, at: number): void => {
    const bad = request.tasks.filter(({ row }) => scenario.poison.has(row));
    const isBadAlone = bad.length > 0 && request.tasks.length === 1;
    if (isBadAlone) {
      tell({ type: "gave-up", at, prompts: bad.map((task) => ({ ...task, tokens: lengthOf(lengths, task) })) });
      return;
    }
    const attempt = request.attempt + 1;
    const due = at + random.between(0.5, 1) * Math.min(30_000, 500 * 2 ** attempt);
    // A request that one row may have spoilt is split.
    const parts = bad.length > 0 ? request.tasks.map((task) => [task]) : [request.tasks];
    for (const tasks of parts) retries.push({ due, tasks, attempt });
  };
  const loseAll = (): void => {
    for (const request of engine.restart(now)) ended(request, false);
    for (const { request } of failing) ended(request, false);
    failing = [];
  };
  const goDown = (comesBack: boolean): void => {
    isUp = false;
    upAt = comesBack ? now + settings.startMs : null;
    tell({ type: "engine", at: now, up: false, lost: !comesBack });
    loseAll();
  };
  const send = (tasks: readonly Task[], attempt: number): void => {
    const request: Request = { tasks, attempt, startedAt: now, lengths: tasks.map((task) => lengthOf(lengths, task)) };
    inFlight.add(request);
    const storm = scenario.faults.find((f) => f.kind === "storm" && now >= f.at && now < f.at + f.ms);
    const isStruck = storm?.kind === "storm" && random.chance(storm.share);
    const isBad = tasks.some(({ row }) => scenario.poison.has(row));
    if (isStruck || isBad) failing.push({ due: now + FAIL_MS, request });
    else engine.submit(request, now);
  };
  const fill = (): void => {
    while (isUp && inFlight.size < scenario.concurrency) {
      const ready = retries.findIndex(({ due }) => due <= now);
      if (ready !== -1) {
        const [retry] = retries.splice(ready, 1);
        if (retry !== undefined) send(retry.tasks, retry.attempt);
        continue;
      }
      const taken = takeNext(state, scenario.promptsPerRequest);
      state = taken.state;
      if (taken.tasks.length === 0) return;
      send(taken.tasks, 0);
    }
  };
  const ask = (): Decision => {
    let asked = decide(state, now);
    if (asked.decision.secondPass.needsRanking) {
      const ranked = [...rows.entries()].filter(([, end]) => end !== "prior");
      tell({
        type: "ranked",
        rows: ranked.map(([row, end]) => {
          const short = end === "one-order-short";
          return { row, short, tokens: Math.min(lengths[row] ?? 0, short ? shortContext : Number.POSITIVE_INFINITY) };
        }),
      });
      asked = decide(state, now);
    }
    state = asked.state;
    watch?.(state, asked.decision, isUp);
    return asked.decision;
  };

  for (;;) {
    const deathAt = isUp ? (deaths[0]?.at ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const endAt = budget?.workEndAt ?? Number.POSITIVE_INFINITY;
    now = Math.max(
      now,
      Math.min(
        engine.busyUntil(),
        failing[0]?.due ?? Number.POSITIVE_INFINITY,
        retries.reduce((first, { due }) => (due > now ? Math.min(first, due) : first), Number.POSITIVE_INFINITY),
        upAt ?? Number.POSITIVE_INFINITY,
        nextDecision,
        deathAt,
        endAt,
      ),
    );
    if (upAt !== null && now >= upAt) {
      upAt = null;
      isUp = true;
      engine.restart(now);
      tell({ type: "engine", at: now, up: true });
    }
    while (isUp && engine.busyUntil() <= now) for (const request of engine.finish()) ended(request, true);
    while ((failing[0]?.due ?? Number.POSITIVE_INFINITY) <= now) {
      const [failed] = failing.splice(0, 1);
      if (failed !== undefined) ended(failed.request, false);
    }
    if (now >= deathAt) goDown(deaths.shift()?.comesBack ?? true);
    else if (isUp && last !== null && last.silence.ms > last.silence.patienceMs) {
      // A server that answers nothing is killed and started again; the new process does not hang.
      for (const hang of hangs.splice(0)) if (hang.at > now) hangs.push(hang);
      goDown(true);
      last = null;
    }
    fill();
    const isIdle = inFlight.size === 0 && retries.length === 0;
    if (now >= nextDecision || now >= endAt || isIdle) {
      last = ask();
      nextDecision = now + decideEveryMs;
      fill();
      const { stop } = last;
      const isDrained = inFlight.size === 0 && retries.length === 0;
      if (stop !== null && (isDrained || stop.kind !== "complete")) {
        return { rows, endedAt: now + FINAL_MS, state, last, stop: stop.kind };
      }
    }
  }
}

function lengthOf(lengths: readonly number[], { row, tokenBudget }: Task): number {
  return Math.min(lengths[row] ?? 0, tokenBudget ?? Number.POSITIVE_INFINITY);
}

function endOf({ pass, tokenBudget }: Task, length: number): RowEnd {
  if (pass === 2) return "both-orders";
  return length > (tokenBudget ?? length) ? "one-order-short" : "one-order";
}
