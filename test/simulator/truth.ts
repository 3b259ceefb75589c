import type { Work } from "../../src/clock/work.ts";
import type { EngineSettings } from "./engine-model.ts";

/** Time (ms) that some work really takes at the engine's mean speed of this moment, without faults. */
export function trueMs(
  { rowMs, tokenMs, squareMs, batchMs, batchTokens, slowness }: EngineSettings,
  work: Work,
  now: number,
): number {
  const batches = work.tokens / batchTokens;
  return slowness(now) * (rowMs * work.rows + tokenMs * work.tokens + squareMs * work.squares + batchMs * batches);
}
