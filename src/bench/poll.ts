import type { Effects } from "../effects.ts";
import type { EngineMetrics } from "../engine/types.ts";
import type { EnginePool } from "../pool/pool.ts";
import type { Stage } from "./sweep.ts";

/** The engine's own figures at a moment of a stage. */
export interface Poll {
  readonly stage: Stage;
  /** Monotonic, ms. */
  readonly at: number;
  readonly metrics: EngineMetrics;
  /** Taken when the stage had just ended: its counters are whole, but what is running belongs to the next one. */
  readonly closing: boolean;
}

/** Looks at the figures of the first engine until it is told to stop. */
export interface EnginePolls {
  readonly looks: readonly Poll[];
  /** To be called when a stage has ended. */
  readonly ended: (stage: Stage) => void;
  /** Resolves when every look that was begun is over. */
  readonly over: Promise<void>;
}

const LOOK_MS = 1_000;

/** Starts to look every second, and at the end of every stage. The signal stops it. */
export function pollEngine(
  { first }: Pick<EnginePool, "first">,
  stageNow: () => Stage | null,
  { clock }: Pick<Effects, "clock">,
  signal: AbortSignal,
): EnginePolls {
  const looks: Poll[] = [];
  const closing: Promise<void>[] = [];
  const look = async (stage: Stage, isClosing: boolean): Promise<void> => {
    const metrics = await first()
      ?.metrics(signal)
      .catch(() => null);
    if (metrics === null || metrics === undefined || (!isClosing && stage !== stageNow())) return;
    looks.push({ stage, at: clock.monotonic(), metrics, closing: isClosing });
  };
  const repeat = async (): Promise<void> => {
    while (!signal.aborted) {
      const stage = stageNow();
      if (stage !== null) await look(stage, false);
      await clock.sleep(LOOK_MS, signal).catch(() => {});
    }
    await Promise.all(closing);
  };
  return {
    looks,
    ended: (stage) => {
      closing.push(look(stage, true));
    },
    over: repeat(),
  };
}
