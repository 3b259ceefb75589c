import { afterAccepted, afterTooLarge, NO_LIMIT, withinLimit } from "../concurrency/batch-limit.ts";
import { afterAnswer, startController } from "../concurrency/controller.ts";
import type { Controller } from "../concurrency/controller-state.ts";
import { afterOverload, afterPoll, withoutMetrics } from "../concurrency/headroom.ts";
import { afterCounts, UNKNOWN_SCOPE } from "../concurrency/metrics-scope.ts";
import { afterEnding, afterSending, EMPTY, fullMsAt } from "../concurrency/occupancy.ts";
import type { Setting } from "../concurrency/setting.ts";
import type { EngineMetrics } from "../engine/capabilities/metrics.ts";
import type { Engine } from "../engine/engine.ts";
import type { Attempt, FailureReason, Worker } from "../schedule/types.ts";
import type { Clock } from "../types.ts";

/** Failures that show that too much was sent to the engine at once. */
const OVERLOADS: ReadonlySet<FailureReason> = new Set(["timeout", "overloaded"]);
/** Time (ms) between two polls of the engine's metrics. */
const POLL_MS = 3_000;
/**
 * Time (ms) until the next poll of an engine that returned no metrics. The poll is repeated, because only a proxy in front of
 * the engine may have failed.
 */
const NO_METRICS_MS = 60_000;

/** Decides how many prompts are in flight at one engine while it works, and measures how well the engine is used. */
export interface Tuner {
  readonly setting: () => Setting;
  /** True when the config fixes the setting. */
  readonly fixed: boolean;
  /** Largest number of prompts in a request, because the engine refused larger requests; null while it refused none. */
  readonly mostPrompts: () => number | null;
  readonly observe: <T extends Sized>(attempt: Attempt<T>) => void;
  /** Wraps the work of a worker so that its requests in flight are counted. */
  readonly watch: <T extends Sized, R>(work: Worker<T, R>["work"]) => Worker<T, R>["work"];
  /** Time (ms) during which as many requests were in flight as the setting allows, and the tokens answered in that time. */
  readonly full: () => { readonly ms: number; readonly tokens: number };
}

type Sized = { readonly ids: readonly number[] };

/**
 * Creates the tuner of an engine. `given` holds the values that the config fixes. If it fixes the requests in flight, nothing
 * is tuned; if it fixes only the prompts per request, only the number of requests is tuned. The search begins at `start`.
 */
export function createTuner(options: {
  given: { readonly concurrency: number | null; readonly promptsPerRequest: number | null };
  start: Setting;
  metrics: () => ReturnType<Engine["metrics"]>;
  clock: Clock;
  /** Called when the tuner has found a new setting, which replaces the one before. */
  onFound: (setting: Setting, rowsPerSecond: number) => void;
  /** Called when the engine refused a request of `refused` prompts as too large, so that the setting became smaller. */
  onTooLarge: (setting: Setting, refused: number) => void;
  /** Called once when the metrics turn out to count only a part of the prompts, so that they no longer limit what is sent. */
  onPartialMetrics: () => void;
  /** Called with the prompt tokens of every request that was answered. */
  onTokens: (tokens: number) => void;
}): Tuner {
  const { given, start, metrics, clock, onFound, onTooLarge, onPartialMetrics, onTokens } = options;
  const fixed = given.concurrency !== null;
  let controller = startController({ start, promptsPerRequest: given.promptsPerRequest }, clock.monotonic());
  let found: Setting = start;
  let occupancy = EMPTY;
  let limit = NO_LIMIT;
  let scope = UNKNOWN_SCOPE;
  const tokens = { answered: 0, inFlight: 0 };
  let polledAt = Number.NEGATIVE_INFINITY;
  let polling = false;

  const current = (): Setting => withinLimit(controller.setting, limit, fixed);
  const refuse = (prompts: number): void => {
    const before = limit.most;
    limit = afterTooLarge(limit, prompts);
    if (limit.most < before) onTooLarge(current(), prompts);
  };
  const change = (next: Controller): void => {
    controller = next;
    const { setting, phase, latest } = next;
    if (phase.kind !== "hold" || isSame(setting, found) || latest === null) return;
    found = setting;
    onFound(current(), (1_000 * latest.rows) / latest.ms);
  };
  const use = (load: EngineMetrics): void => {
    const before = scope.kind;
    scope = afterCounts(scope, { counted: load.promptTokens, ...tokens });
    // What was measured beats metrics that may be those of one worker of several.
    if (scope.kind === "whole") change(afterPoll(controller, load, clock.monotonic()));
    if (scope.kind !== "part" || before === "part") return;
    onPartialMetrics();
    change(withoutMetrics(controller));
  };
  const poll = (): void => {
    const now = clock.monotonic();
    if (polling || now - polledAt < POLL_MS) return;
    polling = true;
    polledAt = now;
    // The poll is not awaited, because metrics that come slowly must not delay the requests.
    metrics().then(
      (load) => {
        polling = false;
        if (load !== null) use(load);
        else polledAt = clock.monotonic() + NO_METRICS_MS;
      },
      () => {
        polling = false;
      },
    );
  };

  return {
    fixed,
    setting: current,
    mostPrompts: () => (Number.isFinite(limit.most) ? limit.most : null),
    observe: (attempt) => {
      if (attempt.ok) limit = afterAccepted(limit, attempt.tasks.length);
      else if (attempt.reason === "too-large") refuse(attempt.tasks.length);
      if (fixed) return;
      const { startedAt, finishedAt, tasks } = attempt;
      if (attempt.ok) {
        const rows = tasks.length;
        change(afterAnswer(controller, { startedAt, finishedAt, rows, tokens: tokensOf(tasks) }));
      } else if (OVERLOADS.has(attempt.reason)) change(afterOverload(controller, attempt));
      poll();
    },
    watch: (work) => async (batch, signal) => {
      occupancy = afterSending(occupancy, current().concurrency, clock.monotonic());
      const sent = tokensOf(batch);
      let answered = 0;
      tokens.inFlight += sent;
      try {
        const results = await work(batch, signal);
        answered = sent;
        onTokens(answered);
        return results;
      } finally {
        tokens.inFlight -= sent;
        tokens.answered += answered;
        occupancy = afterEnding(occupancy, answered, current().concurrency, clock.monotonic());
      }
    },
    full: () => ({ ms: fullMsAt(occupancy, clock.monotonic()), tokens: occupancy.fullTokens }),
  };
}

function tokensOf(tasks: readonly Sized[]): number {
  return tasks.reduce((sum, { ids }) => sum + ids.length, 0);
}

function isSame(one: Setting, other: Setting): boolean {
  return one.concurrency === other.concurrency && one.promptsPerRequest === other.promptsPerRequest;
}
