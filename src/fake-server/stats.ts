/** What has been asked of a fake server so far. */
export interface FakeStats {
  /** Requests to /v1/completions, and to other pages. */
  requests: number;
  pageRequests: number;
  prompts: number;
  /** Prompt tokens. */
  tokens: number;
  /** Requests that have no answer yet, now and at most. */
  inFlight: number;
  maxInFlight: number;
  /** Prompts on the device, and prompts that wait for it. */
  running: number;
  waiting: number;
  /** Time (ms) that requests waited for the device, and that the device worked. */
  queueMs: number;
  busyMs: number;
  /** Number of faults by kind. */
  readonly faults: Record<string, number>;
  /** The last request without its prompts. */
  lastRequest: Readonly<Record<string, unknown>> | null;
}

/** Starts to count. */
export function newStats(): FakeStats {
  return {
    requests: 0,
    pageRequests: 0,
    prompts: 0,
    tokens: 0,
    inFlight: 0,
    maxInFlight: 0,
    running: 0,
    waiting: 0,
    queueMs: 0,
    busyMs: 0,
    faults: {},
    lastRequest: null,
  };
}
