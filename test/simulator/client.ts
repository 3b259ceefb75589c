import type { DeadlineEvent, SentPrompt } from "../../src/deadline/observe.ts";
import type { PromptToScore } from "../../src/deadline/take.ts";
import type { EngineModel, ModelRequest } from "./engine-model.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";

/** A request of the simulated client. */
export interface Request extends ModelRequest {
  readonly tasks: readonly PromptToScore[];
  readonly startedAt: number;
  readonly attempt: number;
}

/** Keeps requests in flight, and tries again what failed, as the real schedule does. */
export interface Client {
  /** Sends until as many requests are in flight as may be. */
  readonly fill: (now: number) => void;
  /** Ends what has ended by now. */
  readonly settle: (now: number) => void;
  /** The next moment at which something happens here or in the engine; infinity when nothing will. */
  readonly nextAt: (now: number) => number;
  /** Fails everything in flight, because the engine died, and starts the engine's model anew. */
  readonly loseAll: (now: number) => void;
  readonly isIdle: () => boolean;
}

export interface ClientOptions {
  readonly scenario: Scenario;
  readonly engine: EngineModel<Request>;
  readonly random: Random;
  readonly notify: (event: DeadlineEvent) => void;
  readonly take: (count: number) => readonly PromptToScore[];
  readonly answered: (task: PromptToScore) => void;
}

/** How long an error takes that comes back at once, and the waits before a retry; ms. */
const FAIL_MS = 20;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

export function createClient({ scenario, engine, random, notify, take, answered }: ClientOptions): Client {
  const { faults, poison, concurrency, promptsPerRequest } = scenario;
  const inFlight = new Set<Request>();
  let failing: { readonly due: number; readonly request: Request }[] = [];
  let retries: { readonly due: number; readonly tasks: readonly PromptToScore[]; readonly attempt: number }[] = [];

  const send = (tasks: readonly PromptToScore[], attempt: number, now: number): void => {
    const request = { tasks, attempt, startedAt: now, lengths: tasks.map((task) => lengthOf(scenario, task)) };
    inFlight.add(request);
    const storm = faults.find((fault) => fault.kind === "storm" && now >= fault.at && now < fault.at + fault.ms);
    const isStruck = storm?.kind === "storm" && random.chance(storm.share);
    if (isStruck || tasks.some(({ row }) => poison.has(row))) failing.push({ due: now + FAIL_MS, request });
    else engine.submit(request, now);
  };
  const end = (request: Request, ok: boolean, now: number): void => {
    inFlight.delete(request);
    const prompts = request.tasks.map((task): SentPrompt => ({ ...task, tokens: lengthOf(scenario, task) }));
    const { startedAt } = request;
    notify({ type: "request", startedAt, finishedAt: now, ok, prompts, concurrency: concurrency * promptsPerRequest });
    if (ok) for (const task of request.tasks) answered(task);
    else retry(request, prompts, now);
  };
  const retry = (request: Request, prompts: readonly SentPrompt[], now: number): void => {
    const isSpoilt = prompts.some(({ row }) => poison.has(row));
    if (isSpoilt && prompts.length === 1) {
      notify({ type: "gave-up", at: now, prompts });
      return;
    }
    const attempt = request.attempt + 1;
    const due = now + random.between(0.5, 1) * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
    // A request that one row may have spoilt is split.
    const parts = isSpoilt ? request.tasks.map((task) => [task]) : [request.tasks];
    retries.push(...parts.map((tasks) => ({ due, tasks, attempt })));
  };

  return {
    fill: (now) => {
      while (inFlight.size < concurrency) {
        const due = retries.find((waiting) => waiting.due <= now);
        retries = retries.filter((waiting) => waiting !== due);
        // While everything fails, the rows must not all end up waiting.
        const tasks = due?.tasks ?? (retries.length < concurrency ? take(promptsPerRequest) : []);
        if (tasks.length === 0) return;
        send(tasks, due?.attempt ?? 0, now);
      }
    },
    settle: (now) => {
      while (engine.busyUntil() <= now) for (const request of engine.finish()) end(request, true, now);
      const failed = failing.filter(({ due }) => due <= now);
      failing = failing.filter(({ due }) => due > now);
      for (const { request } of failed) end(request, false, now);
    },
    nextAt: (now) => {
      const dues = [...failing, ...retries].map(({ due }) => due).filter((due) => due > now);
      return Math.min(engine.busyUntil(), ...dues);
    },
    loseAll: (now) => {
      failing = [];
      engine.restart(now);
      for (const request of [...inFlight]) end(request, false, now);
    },
    isIdle: () => inFlight.size === 0 && retries.length === 0,
  };
}

/** Prompt tokens of a task. */
export function lengthOf({ lengths }: Scenario, { row, tokenBudget }: PromptToScore): number {
  return Math.min(lengths[row] ?? 0, tokenBudget ?? Number.POSITIVE_INFINITY);
}
