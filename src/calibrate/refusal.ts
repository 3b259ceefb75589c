import { formatFixed, formatPercent, plural } from "../format.ts";
import type { MeanEstimate } from "../stats/bootstrap.ts";

/** The numbers of a study that decide whether its calibration may be used. */
export interface CalibrationGains {
  readonly groups: number;
  readonly raw: MeanEstimate;
  readonly calibrated: MeanEstimate;
  readonly gain: MeanEstimate;
  readonly gainOverPrior: MeanEstimate;
}

/**
 * Explains why a calibration must not be used. Returns null when the calibration helps, which means that the whole interval of
 * its out-of-fold gain over the raw probabilities is above 0.
 */
export function refusalOf(gains: CalibrationGains): string | null {
  const { groups, raw, calibrated, gain } = gains;
  if (groups < FEWEST_GROUPS || gain.error === null) {
    return `calibration needs labelled rows with at least ${FEWEST_GROUPS} different prompts and found ${groups}`;
  }
  const { low, high } = gain.error.interval;
  if (low > 0) return null;
  return (
    `calibration does not help: out-of-fold log loss ${nats(raw.mean)} raw, ${nats(calibrated.mean)} calibrated, ` +
    `gain ${nats(gain.mean)} nats (${formatPercent(gain.level)} ${nats(low)} to ${nats(high)}) over ` +
    `${plural(gain.rows, "row")}; use the raw probabilities, or label more rows`
  );
}

/** Warns when the calibrated judge does not clearly predict better than the class prior; returns null when it clearly does. */
export function priorWarning({ gainOverPrior }: Pick<CalibrationGains, "gainOverPrior">): string | null {
  const { error, mean } = gainOverPrior;
  if (error === null || error.interval.low > 0) return null;
  return (
    `the calibrated judge does not clearly beat the class prior: it is ${nats(Math.abs(mean))} nats ` +
    `${mean < 0 ? "worse" : "better"} (gain ${nats(error.interval.low)} to ${nats(error.interval.high)})`
  );
}

const FEWEST_GROUPS = 10;

function nats(value: number): string {
  return formatFixed(value, 3);
}
