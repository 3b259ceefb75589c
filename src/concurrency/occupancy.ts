/** How long an engine had as many requests in flight as it was to have. Times are monotonic, ms. */
export interface Occupancy {
  readonly inFlight: number;
  /** Since when the limit is reached; null while it is not. */
  readonly fullSince: number | null;
  readonly fullMs: number;
  /** Tokens answered while it was reached. */
  readonly fullTokens: number;
}

/** Nothing in flight. */
export const EMPTY: Occupancy = { inFlight: 0, fullSince: null, fullMs: 0, fullTokens: 0 };

/** Notes that a request was sent while `limit` were allowed. */
export function afterSending(occupancy: Occupancy, limit: number, now: number): Occupancy {
  const inFlight = occupancy.inFlight + 1;
  if (inFlight >= limit) return { ...occupancy, inFlight, fullSince: occupancy.fullSince ?? now };
  return { ...left(occupancy, now), inFlight };
}

/** Notes that a request ended, with `tokens` answered (0 when it failed). */
export function afterEnding(occupancy: Occupancy, tokens: number, limit: number, now: number): Occupancy {
  const inFlight = occupancy.inFlight - 1;
  const fullTokens = occupancy.fullTokens + (occupancy.fullSince === null ? 0 : tokens);
  if (inFlight >= limit) return { ...occupancy, inFlight, fullTokens };
  return { ...left(occupancy, now), inFlight, fullTokens };
}

/** Computes the time with the limit reached up to `now`, in ms. */
export function fullMsAt(occupancy: Occupancy, now: number): number {
  return left(occupancy, now).fullMs;
}

function left(occupancy: Occupancy, now: number): Occupancy {
  if (occupancy.fullSince === null) return occupancy;
  return { ...occupancy, fullSince: null, fullMs: occupancy.fullMs + now - occupancy.fullSince };
}
