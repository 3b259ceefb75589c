import { formatPercent, plural } from "../format.ts";

/** The measurements of a bench at its best setting. */
export interface LimitEvidence {
  /** Rows per second that the engine finished. */
  readonly rowsPerSecond: number;
  /** Rows per second that one core renders and tokenises. */
  readonly preparedPerSecond: number;
  /** Share of the time in which abtie's thread was busy, 0 to 1. */
  readonly clientBusy: number;
  /** Number of prompts in flight. */
  readonly level: number;
  /**
   * Speed with several prompts per request divided by the speed with one prompt per request, with the same number of
   * prompts in flight; null when they were not compared.
   */
  readonly batchingGain: number | null;
  /**
   * Speed after the last doubling of the prompts in flight divided by the speed before it; null when there was no
   * doubling.
   */
  readonly lastGain: number | null;
  /**
   * Largest gain over the best level that the measurements of the higher levels leave possible, as a ratio of speeds;
   * null when no higher level was measured.
   */
  readonly openGain: number | null;
  /** Mean number of running and of waiting requests in the engine; null when the server reports no metrics. */
  readonly running: number | null;
  readonly waiting: number | null;
  readonly kvCacheUsage: number | null;
  /**
   * Share of a request's time in the server during which it neither waited in the engine nor was computed; null when
   * the server reports no metrics.
   */
  readonly outsideEngine: number | null;
}

/** The part of the system that limits the speed. */
export interface Limit {
  readonly what: "tokeniser" | "client" | "front end" | "admission" | "not reached" | "compute";
  /** The numbers that prove the limit, in one sentence without a full stop. */
  readonly because: string;
}

const CLIENT_BUSY = 0.9;
const FULL_CACHE = 0.9;
const MOST_TIME = 0.5;
/** A gain below 5 % does not count as a gain. */
const GAIN = 1.05;
/** A possible gain of at most 10 % is not stated, because most measurements leave one open. */
const OPEN_GAIN = 1.1;

/** Finds the part that limits the speed: that of the first rule below that applies. */
export function findLimit(evidence: LimitEvidence): Limit {
  const { rowsPerSecond, preparedPerSecond, clientBusy, level, batchingGain, lastGain, running, waiting } = evidence;
  if (preparedPerSecond < 1.15 * rowsPerSecond) {
    return {
      what: "tokeniser",
      because: `one core prepares ${preparedPerSecond.toFixed(0)} rows/s, the engine took ${rowsPerSecond.toFixed(0)}`,
    };
  }
  if (clientBusy > CLIENT_BUSY) {
    return { what: "client", because: `abtie's thread was busy for ${formatPercent(clientBusy)} of the time` };
  }
  // vLLM counts running requests after each step, when one-token requests have already finished, so a low count alone
  // proves nothing.
  const isOutside = evidence.outsideEngine === null || evidence.outsideEngine > MOST_TIME;
  if (running !== null && waiting !== null && running + waiting < level / 2 && isOutside) {
    return {
      what: "front end",
      because: `of ${plural(level, "prompt")} in flight only ${(running + waiting).toFixed(0)} had reached the engine, the server's front end held the others`,
    };
  }
  const { kvCacheUsage } = evidence;
  if (kvCacheUsage !== null && kvCacheUsage > FULL_CACHE && waiting !== null && waiting > 0) {
    return {
      what: "admission",
      because: `the key-value cache was ${formatPercent(kvCacheUsage)} full while ${plural(waiting, "prompt")} waited`,
    };
  }
  if (lastGain !== null && lastGain > GAIN) {
    return {
      what: "not reached",
      because: `the last doubling of the prompts in flight still gained ${formatPercent(lastGain - 1)}`,
    };
  }
  const batching =
    batchingGain !== null && batchingGain > GAIN
      ? `; several prompts per request gained ${formatPercent(batchingGain - 1)}`
      : "";
  const where =
    running === null
      ? "and the client was idle (the server reports no metrics)"
      : `while ${plural(waiting ?? 0, "prompt")} waited inside the engine`;
  return { what: "compute", because: `${triedMore(evidence.openGain)} ${where}${batching}` };
}

/** States what the levels above the best one proved; a gain within the noise is stated as open. */
function triedMore(openGain: number | null): string {
  if (openGain === null) return "no level above the best was measured";
  if (openGain <= OPEN_GAIN) return "more prompts in flight gained nothing";
  return `more prompts in flight gained nothing beyond the noise (a gain of up to ${formatPercent(openGain - 1)} stays possible)`;
}
