import { forecastWorkTime, type Speed } from "./speed.ts";
import { meanOf, varianceOf } from "./spread.ts";

/** What a prompt costs of the time of an engine: 1 / rate, not the latency of a request. */
interface PaceOfSpeed {
  readonly secondsPerRow: number;
  readonly secondsPerToken: number;
  /** Standard error relative to the pace: 0.1 for 10 %. */
  readonly error: number;
}

/**
 * Divides the expected time of an average prompt into a part for each prompt and one for each of its tokens; null while the speed is
 * unknown. The error is that of the whole job.
 */
export function paceOf(speed: Speed): PaceOfSpeed | null {
  const { rows, tokens, squares } = speed.job;
  if (rows === 0) return null;
  const average = forecastWorkTime(speed, { rows: 1, tokens: tokens / rows, squares: squares / rows });
  const bare = forecastWorkTime(speed, { rows: 1, tokens: 0, squares: 0 });
  const whole = forecastWorkTime(speed, speed.job);
  if (average === null || bare === null || whole === null) return null;
  const [ms, rowMs] = [Math.max(0, meanOf(average)), Math.max(0, meanOf(bare))];
  if (ms === 0) return null;
  const perRow = Math.min(ms, rowMs);
  return {
    secondsPerRow: perRow / 1_000,
    secondsPerToken: (ms - perRow) / 1_000 / Math.max(1, tokens / rows),
    error: Math.sqrt(varianceOf(whole)) / Math.max(1e-9, meanOf(whole)),
  };
}
