import type { FailureClass } from "./types.ts";

/** Failed rounds of one lane since its last success. */
export interface Health {
  readonly streak: number;
  /** When the streak last grew (monotonic ms). */
  readonly at: number;
}

export const HEALTHY: Health = { streak: 0, at: Number.NEGATIVE_INFINITY };

/**
 * Counts a failed request. Requests that were in flight together fail together: only one that started after the
 * streak last grew is news.
 */
export function afterFailure(
  health: Health,
  verdict: FailureClass,
  request: { startedAt: number; finishedAt: number },
): Health {
  switch (verdict.kind) {
    case "retry":
      if (!(request.startedAt > health.at)) return health;
      return { streak: health.streak + 1, at: request.finishedAt };
    // The engine judged the request, so it lives.
    case "split":
    case "final":
      return HEALTHY;
    case "engine-lost":
      return health;
    default:
      return verdict satisfies never;
  }
}

/** Says whether the engine counts as lost: told so, or to blame for too many failed rounds in a row. */
export function isLost(health: Health, verdict: FailureClass, lostAfter: number): boolean {
  if (verdict.kind === "engine-lost") return true;
  if (verdict.kind !== "retry") return false;
  return (verdict.blame === "engine" || verdict.blame === "either") && health.streak >= lostAfter;
}
