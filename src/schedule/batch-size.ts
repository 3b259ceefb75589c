/**
 * Computes how many tasks the next request takes. While more may come: the full size. Once the source has ended:
 * an equal share of what is ready (guided self-scheduling), so that the requests shrink and all slots end together.
 */
export function nextBatchSize(state: {
  readonly batchSize: number;
  readonly ready: number;
  readonly ended: boolean;
  /** Requests that may be in flight at once, over all lanes. */
  readonly slots: number;
}): number {
  const full = Math.max(1, Math.floor(state.batchSize));
  if (!state.ended) return full;
  return Math.min(full, Math.max(1, Math.ceil(state.ready / Math.max(1, state.slots))));
}
