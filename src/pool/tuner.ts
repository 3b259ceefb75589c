import { afterAnswer, startController } from "../concurrency/controller.ts";
import type { Controller } from "../concurrency/controller-state.ts";
import { afterOverload, afterPoll } from "../concurrency/headroom.ts";
import { afterEnding, afterSending, EMPTY, fullMsAt } from "../concurrency/occupancy.ts";
import type { Setting } from "../concurrency/setting.ts";
import type { Engine } from "../engine/engine.ts";
import type { Attempt, Worker } from "../schedule/types.ts";
import type { Clock } from "../types.ts";

/** Requests that did not fail of themselves but because too much was asked. */
const OVERLOADS: ReadonlySet<string> = new Set(["timeout", "overloaded"]);
/** Time between two looks at the engine's own figures. */
const LOOK_MS = 3_000;
/** Time until the next look at an engine that showed none: it may have none, or be behind a proxy that was out of order. */
const NO_FIGURES_MS = 60_000;

/** Decides how much one engine is asked at once while it works, and counts how well it is used. */
export interface Tuner {
  readonly setting: () => Setting;
  /** True when the setting is given and not sought. */
  readonly fixed: boolean;
  readonly observe: <T extends Sized>(attempt: Attempt<T>) => void;
  /** Wraps the work of a lane so that what is in flight is counted. */
  readonly watch: <T extends Sized, R>(work: Worker<T, R>["work"]) => Worker<T, R>["work"];
  /** Time (ms) with as much in flight as was to be, and the tokens answered in it. */
  readonly full: () => { readonly ms: number; readonly tokens: number };
}

type Sized = { readonly ids: readonly number[] };

/**
 * Creates the tuner of an engine. `given` holds what the person fixed: with requests in flight given nothing is sought, with
 * prompts per request alone the number of requests is. `start` is where the search begins.
 */
export function createTuner(options: {
  given: { readonly concurrency: number | null; readonly promptsPerRequest: number | null };
  start: Setting;
  metrics: () => ReturnType<Engine["metrics"]>;
  clock: Clock;
  /** Told when a setting that was found takes the place of another. */
  onFound: (setting: Setting, rowsPerSecond: number) => void;
  /** Told about every request that was answered. */
  onTokens: (tokens: number) => void;
}): Tuner {
  const { given, start, metrics, clock, onFound, onTokens } = options;
  const fixed = given.concurrency !== null;
  let controller = startController({ start, promptsPerRequest: given.promptsPerRequest }, clock.monotonic());
  let found: Setting = start;
  let occupancy = EMPTY;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking = false;

  const change = (next: Controller): void => {
    controller = next;
    const { setting, phase, latest } = next;
    if (phase.kind !== "hold" || isSame(setting, found) || latest === null) return;
    found = setting;
    onFound(setting, (1_000 * latest.rows) / latest.ms);
  };
  const look = (): void => {
    const now = clock.monotonic();
    if (looking || now - lookedAt < LOOK_MS) return;
    looking = true;
    lookedAt = now;
    // Never waited for: an engine that is slow to show its figures is full enough.
    metrics().then(
      (load) => {
        looking = false;
        if (load !== null) change(afterPoll(controller, load, clock.monotonic()));
        else lookedAt = clock.monotonic() + NO_FIGURES_MS;
      },
      () => {
        looking = false;
      },
    );
  };

  return {
    fixed,
    setting: () => controller.setting,
    observe: (attempt) => {
      if (fixed) return;
      const { startedAt, finishedAt, tasks } = attempt;
      if (attempt.ok) {
        const tokens = tokensOf(tasks);
        change(afterAnswer(controller, { startedAt, finishedAt, rows: tasks.length, tokens }));
      } else if (OVERLOADS.has(attempt.reason)) change(afterOverload(controller, attempt));
      look();
    },
    watch: (work) => async (batch, signal) => {
      occupancy = afterSending(occupancy, controller.setting.concurrency, clock.monotonic());
      let tokens = 0;
      try {
        const results = await work(batch, signal);
        tokens = tokensOf(batch);
        onTokens(tokens);
        return results;
      } finally {
        occupancy = afterEnding(occupancy, tokens, controller.setting.concurrency, clock.monotonic());
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
