import type { MeanEstimate } from "../stats/bootstrap.ts";

/** The parts of a study that decide whether its calibration may be used. */
export interface Evidence {
  readonly groups: number;
  readonly raw: MeanEstimate;
  readonly calibrated: MeanEstimate;
  readonly gain: MeanEstimate;
  readonly gainOverPrior: MeanEstimate;
}

/**
 * Says why a calibration must not be used, or null when it helps: its out-of-fold gain over the raw probabilities must
 * be above 0 with its whole interval.
 */
export function refusalOf(evidence: Evidence): string | null {
  const { groups, raw, calibrated, gain } = evidence;
  if (groups < FEWEST_GROUPS || gain.error === null) {
    return `calibration needs labelled rows with at least ${FEWEST_GROUPS} different prompts, found ${groups}`;
  }
  const { low, high } = gain.error.interval;
  if (low > 0) return null;
  return (
    `calibration does not help: out-of-fold log loss ${nats(raw.mean)} raw, ${nats(calibrated.mean)} calibrated, ` +
    `gain ${nats(gain.mean)} nats (${Math.round(100 * gain.level)} % ${nats(low)} to ${nats(high)}) over ` +
    `${gain.rows} rows; use the raw probabilities, or label more rows`
  );
}

/**
 * Warns of a calibration that helps but leaves a judge that is not shown to know more than the share of each class;
 * null when it is.
 */
export function priorWarning({ gainOverPrior }: Pick<Evidence, "gainOverPrior">): string | null {
  const { error, mean } = gainOverPrior;
  if (error === null || error.interval.low > 0) return null;
  return (
    `even calibrated, the judge is not shown to beat the class prior: ${nats(Math.abs(mean))} nats ` +
    `${mean < 0 ? "worse" : "better"}, ${nats(error.interval.low)} to ${nats(error.interval.high)}`
  );
}

const FEWEST_GROUPS = 10;

function nats(value: number): string {
  return value.toFixed(3);
}
