/** What a bench has seen at its best setting. */
export interface Evidence {
  /** Rows per second of the engine. */
  readonly rowsPerSecond: number;
  /** Rows per second that the tokeniser prepares on one core. */
  readonly preparedPerSecond: number;
  /** Share of the time in which the client's thread was at work. */
  readonly clientBusy: number;
  /** Prompts in flight. */
  readonly level: number;
  /** How much faster prompts sent together were than one a request, with as many in flight; null when not compared. */
  readonly batchingGain: number | null;
  /** Gain of the last doubling of what was in flight; null when there was none. */
  readonly lastGain: number | null;
  /** Means of the engine's own figures; null without them. */
  readonly running: number | null;
  readonly waiting: number | null;
  readonly kvCacheUsage: number | null;
  /** Share of a request's time in the server in which it neither waited in the engine nor was computed; null without figures. */
  readonly outsideEngine: number | null;
}

export interface Limit {
  readonly what: "tokeniser" | "client" | "front end" | "admission" | "not reached" | "compute";
  /** Why this is believed, in one sentence. */
  readonly because: string;
}

const CLIENT_BUSY = 0.9;
const FULL_CACHE = 0.9;
const MOSTLY = 0.5;
const STILL_RISING = 1.05;
const GAIN = 1.05;

/** Decides what limits the speed, by the first of these rules that holds. */
export function whatLimits(seen: Evidence): Limit {
  const { rowsPerSecond, preparedPerSecond, clientBusy, level, batchingGain, lastGain, running, waiting } = seen;
  if (preparedPerSecond < 1.15 * rowsPerSecond) {
    return {
      what: "tokeniser",
      because: `one core prepares ${preparedPerSecond.toFixed(0)} rows/s, the engine took ${rowsPerSecond.toFixed(0)}`,
    };
  }
  if (clientBusy > CLIENT_BUSY) {
    return { what: "client", because: `abtie's thread was at work for ${percent(clientBusy)} of the time` };
  }
  // What runs is counted behind a step, where rows of one token have left: few of them alone prove nothing.
  const isOutside = seen.outsideEngine === null || seen.outsideEngine > MOSTLY;
  if (running !== null && waiting !== null && running + waiting < level / 2 && isOutside) {
    return {
      what: "front end",
      because: `of ${level} prompts in flight only ${(running + waiting).toFixed(0)} had reached the engine, the server's front end held the others`,
    };
  }
  if (seen.kvCacheUsage !== null && seen.kvCacheUsage > FULL_CACHE && waiting !== null && waiting > 0) {
    return {
      what: "admission",
      because: `the key-value cache was ${percent(seen.kvCacheUsage)} full while ${waiting.toFixed(0)} prompts waited`,
    };
  }
  if (lastGain !== null && lastGain > STILL_RISING) {
    return {
      what: "not reached",
      because: `the last doubling of what is in flight still gave ${percent(lastGain - 1)}`,
    };
  }
  const batching =
    batchingGain !== null && batchingGain > GAIN ? `; sending prompts together gave ${percent(batchingGain - 1)}` : "";
  return {
    what: "compute",
    because:
      running === null
        ? `more in flight brought nothing, and the client was idle (the server shows no figures of its own)${batching}`
        : `more in flight brought nothing while ${(waiting ?? 0).toFixed(0)} prompts waited inside the engine${batching}`,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
