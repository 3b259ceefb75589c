import type { Engine } from "../engine/engine.ts";
import { AbtieError, messageOf } from "../errors.ts";
import { plural } from "../format.ts";
import type { Clock, Log } from "../types.ts";

/** The policy by which a lost engine is brought back. */
export interface RecoveryPolicy {
  /** Starts the engine again, or waits until it answers again. */
  readonly reopen: (signal: AbortSignal) => Promise<Engine>;
  /** Number of attempts. It is available again in full after the engine has worked for ten minutes. */
  readonly attempts: number;
  /** Time limit of one attempt, ms. */
  readonly limitMs: number;
}

/** An engine that can be replaced by a new one after it was lost. */
export interface ReplaceableEngine extends AsyncDisposable {
  readonly name: string;
  readonly current: () => Engine;
  /** Brings the engine back after it was lost; resolves with false when that failed or the signal aborted. */
  readonly recover: (signal: AbortSignal) => Promise<boolean>;
  /** Makes the next call of `recover` give the engine up for this reason, because opening it again would change nothing. */
  readonly giveUp: (reason: string) => void;
}

/** A change of an engine after it was opened. */
export type EngineChange = "lost" | "back" | "given-up";

/** Wraps an engine so that it can be replaced. `onChange` gets every change and its details, for the log and the journal. */
export function createReplaceableEngine(options: {
  name: string;
  engine: Engine;
  recovery: RecoveryPolicy;
  /** Says why an engine that came back cannot be used; null when it can. */
  refuse: (engine: Engine) => string | null;
  clock: Clock;
  log: Log;
  onChange: (change: EngineChange, detail: string) => void;
}): ReplaceableEngine {
  const { name, recovery, refuse, clock, log, onChange } = options;
  let engine = options.engine;
  let attemptsLeft = recovery.attempts;
  let backAt = clock.monotonic();
  let givenUpFor: string | null = null;

  const giveUp = (reason: string): false => {
    log("error", `engine ${name} is given up: ${reason}`);
    onChange("given-up", reason);
    return false;
  };

  const recover = async (signal: AbortSignal): Promise<boolean> => {
    const reason = givenUpFor ?? (engine.died.aborted ? messageOf(engine.died.reason) : "it does not answer");
    onChange("lost", reason);
    if (givenUpFor !== null) {
      // Its tokenizer may be that of the other model, so it must not be asked either.
      await engine[Symbol.asyncDispose]();
      return giveUp(givenUpFor);
    }
    if (clock.monotonic() - backAt > STEADY_MS) attemptsLeft = recovery.attempts;
    let exhausted = 0;
    for (let failures = 0; attemptsLeft > 0 && exhausted < MOST_EXHAUSTED && !signal.aborted; failures += 1) {
      // A server that refuses connections at once may be overloaded. Without a pause, all attempts would be used up
      // within a second.
      if (failures > 0) await clock.sleep(pauseMs(failures), signal).catch(() => {});
      attemptsLeft -= 1;
      const began = clock.monotonic();
      log(
        "warn",
        `engine ${name} is lost (${reason}): bringing it back, ${plural(attemptsLeft, "attempt")} left after this`,
      );
      try {
        await engine[Symbol.asyncDispose]();
        const opened = await withLimit(recovery.limitMs, signal, clock, recovery.reopen);
        const refusal = refuse(opened);
        if (refusal !== null) {
          await opened[Symbol.asyncDispose]();
          return giveUp(refusal);
        }
        engine = opened;
        backAt = clock.monotonic();
        onChange("back", engine.baseUrl);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        // The server answers, and what it serves does not fit the config: waiting would not change that.
        if (error instanceof AbtieError && error.code === "config") return giveUp(error.message);
        if (clock.monotonic() - began >= EXHAUSTED_SHARE * recovery.limitMs) exhausted += 1;
        log("warn", `engine ${name} did not come back: ${messageOf(error)}`);
      }
    }
    return giveUp(reason);
  };

  return {
    name,
    current: () => engine,
    recover,
    giveUp: (reason) => {
      givenUpFor = reason;
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/**
 * After an engine has worked for this long (ms) since it came back, it gets all its attempts again, because a long run may have
 * several failures.
 */
const STEADY_MS = 10 * 60_000;
/** After this many exhausted attempts the engine is given up, even if attempts are left. */
const MOST_EXHAUSTED = 3;
/** An attempt that failed after this share of its limit counts as exhausted. */
const EXHAUSTED_SHARE = 0.9;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

function pauseMs(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

/** Does work with a time limit (ms). The timer ends with the work, because an engine may be opened again many times. */
async function withLimit<T>(
  ms: number,
  signal: AbortSignal,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const expired = new AbortController();
  const ended = new AbortController();
  const end = (): void => ended.abort();
  signal.addEventListener("abort", end, { once: true });
  clock.sleep(ms, ended.signal).then(
    () => expired.abort(new AbtieError("engine", `the engine was not back within ${Math.round(ms / 1000)} s`)),
    () => {},
  );
  try {
    return await work(AbortSignal.any([signal, expired.signal]));
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}
