/** Measures how long an engine had as many requests in flight as its setting allows. Times are monotonic, ms. */
export interface Occupancy {
  readonly inFlight: number;
  /** When the limit was reached; null while fewer requests are in flight. */
  readonly fullSince: number | null;
  readonly fullMs: number;
  /** Tokens of the requests that were answered while the limit was reached. */
  readonly fullTokens: number;
}

/** No request in flight. */
export const EMPTY: Occupancy = { inFlight: 0, fullSince: null, fullMs: 0, fullTokens: 0 };

/** Counts a request that is sent at `now` while `limit` requests are allowed. */
export function afterSending(occupancy: Occupancy, limit: number, now: number): Occupancy {
  const inFlight = occupancy.inFlight + 1;
  if (inFlight >= limit) return { ...occupancy, inFlight, fullSince: occupancy.fullSince ?? now };
  return { ...notFull(occupancy, now), inFlight };
}

/** Counts a request that ended at `now`. `tokens` are its prompt tokens, 0 when it failed. */
export function afterEnding(occupancy: Occupancy, tokens: number, limit: number, now: number): Occupancy {
  const inFlight = occupancy.inFlight - 1;
  const fullTokens = occupancy.fullTokens + (occupancy.fullSince === null ? 0 : tokens);
  if (inFlight >= limit) return { ...occupancy, inFlight, fullTokens };
  return { ...notFull(occupancy, now), inFlight, fullTokens };
}

/** Computes how long the limit was reached in all up to `now`, ms. */
export function fullMsAt(occupancy: Occupancy, now: number): number {
  return notFull(occupancy, now).fullMs;
}

function notFull(occupancy: Occupancy, now: number): Occupancy {
  if (occupancy.fullSince === null) return occupancy;
  return { ...occupancy, fullSince: null, fullMs: occupancy.fullMs + now - occupancy.fullSince };
}
