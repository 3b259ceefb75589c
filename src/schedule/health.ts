import type { FailureClass } from "./types.ts";

/** The failed rounds of one worker since its last success. Requests that fail together are one round. */
export interface Health {
  readonly streak: number;
  /** When the streak last grew (monotonic ms). */
  readonly at: number;
}

export const HEALTHY: Health = { streak: 0, at: Number.NEGATIVE_INFINITY };

/**
 * Counts a failed request. Requests that were in flight together fail together and count once: the streak grows only when the
 * failed request started after the streak last grew.
 */
export function afterFailure(
  health: Health,
  failure: FailureClass,
  request: { startedAt: number; finishedAt: number },
): Health {
  switch (failure.kind) {
    case "retry":
      if (!(request.startedAt > health.at)) return health;
      return { streak: health.streak + 1, at: request.finishedAt };
    // The engine examined the request before the refusal, so the engine is alive.
    case "split":
    case "final":
      return HEALTHY;
    case "engine-lost":
      return health;
    default:
      return failure satisfies never;
  }
}

/**
 * Returns whether the engine counts as lost: either the failure has the kind "engine-lost", or the engine may be the cause and
 * there were `lostAfter` failed rounds in a row.
 */
export function isLost(health: Health, failure: FailureClass, lostAfter: number): boolean {
  if (failure.kind === "engine-lost") return true;
  if (failure.kind !== "retry") return false;
  return (failure.blame === "engine" || failure.blame === "either") && health.streak >= lostAfter;
}
