import type { Engine } from "../engine/engine.ts";
import { AbtieError, messageOf } from "../errors.ts";
import { scoreBatch, type Task } from "../judge/judge.ts";
import type { Worker } from "../schedule/types.ts";
import type { Clock, Log, Reading } from "../types.ts";

/** How an engine that was lost is brought back. */
export interface RecoveryPolicy {
  /** Starts the engine again, or waits until it answers again. */
  readonly revive: (signal: AbortSignal) => Promise<Engine>;
  /** Attempts, until the engine has worked for a while again. */
  readonly attempts: number;
  /** Time that one attempt may cost, ms. */
  readonly limitMs: number;
}

/** An engine that may be replaced by its successor. */
export interface PoolEngine extends AsyncDisposable {
  readonly name: string;
  readonly current: () => Engine;
  readonly lane: Worker<Task, Reading>;
}

/** What the lane tells about its engine; for the log and the journal. */
export type EngineEvent = (what: "lost" | "back" | "given-up", detail: string) => void;

/** Wraps an engine as a lane of the schedule: scores batches there, and brings the engine back when it was lost. */
export function createPoolEngine(options: {
  name: string;
  engine: Engine;
  concurrency: () => number;
  batchSize: () => number;
  revival: RecoveryPolicy;
  clock: Clock;
  log: Log;
  onEvent: EngineEvent;
}): PoolEngine {
  const { name, revival, log, onEvent } = options;
  let engine = options.engine;
  let attemptsLeft = revival.attempts;
  let backAt = options.clock.monotonic();

  const recover = async (signal: AbortSignal): Promise<boolean> => {
    const reason = engine.died.aborted ? String((engine.died.reason as Error).message) : "it does not answer";
    onEvent("lost", reason);
    if (options.clock.monotonic() - backAt > STEADY_MS) attemptsLeft = revival.attempts;
    let exhausted = 0;
    for (let failures = 0; attemptsLeft > 0 && exhausted < MOST_EXHAUSTED && !signal.aborted; failures += 1) {
      // What refuses at once may be in the middle of a storm: without a pause all attempts would be used up within it.
      if (failures > 0) await options.clock.sleep(pauseMs(failures), signal).catch(() => {});
      attemptsLeft -= 1;
      const began = options.clock.monotonic();
      log("warn", `engine ${name} is lost (${reason}): bringing it back, ${attemptsLeft} attempts left after this`);
      try {
        await engine[Symbol.asyncDispose]();
        const limit = AbortSignal.any([signal, expiry(options.clock, revival.limitMs, signal)]);
        engine = await revival.revive(limit);
        backAt = options.clock.monotonic();
        onEvent("back", engine.baseUrl);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (options.clock.monotonic() - began >= NEARLY * revival.limitMs) exhausted += 1;
        log("warn", `engine ${name} did not come back: ${messageOf(error)}`);
      }
    }
    onEvent("given-up", reason);
    return false;
  };

  return {
    name,
    current: () => engine,
    lane: {
      name,
      concurrency: options.concurrency,
      batchSize: options.batchSize,
      work: (batch, signal) => scoreBatch(engine, batch, signal),
      died: () => engine.died,
      recover,
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** An engine that worked for so long since it came back has its attempts anew: a night may hold several mishaps. */
const STEADY_MS = 10 * 60_000;
/** Attempts that may take their whole time, or nearly, before the engine is given up, however many are left. */
const MOST_EXHAUSTED = 3;
const NEARLY = 0.9;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

function pauseMs(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

function expiry(clock: Clock, ms: number, signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  clock.sleep(ms, signal).then(
    () => controller.abort(new AbtieError("engine", `the engine was not back within ${Math.round(ms / 1000)} s`)),
    () => {},
  );
  return controller.signal;
}
