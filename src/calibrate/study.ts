import { logLosses } from "../metrics/log-loss.ts";
import { takeTriples } from "../metrics/triples.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import type { Parameters } from "./apply.ts";
import { crossValidate } from "./cross-validate.ts";
import { fitCalibration, KINDS, type Kind, type Labelled } from "./fit.ts";
import { groupedFolds } from "./folds.ts";
import { rawProbabilities, readingsOf } from "./readings.ts";
import { refusalOf } from "./refusal.ts";

export interface StudyOptions extends BootstrapOptions {
  /** Parts of the cross-validation. Default 5, fewer when there are fewer groups. */
  readonly folds?: number;
}

/** One kind of calibration in the choice. */
export interface Candidate {
  readonly kind: Kind;
  /** Out-of-fold log loss, nats. */
  readonly logLoss: number;
  /** How much larger that is than the smallest of the candidates, row by row; 0 for the best itself. */
  readonly behindBest: MeanEstimate;
}

/** What labelled readings say about calibrating them. All log losses are in nats and over the rows used. */
export interface CalibrationStudy {
  readonly kind: Kind;
  /** Fitted to all rows used. */
  readonly parameters: Parameters;
  readonly candidates: readonly Candidate[];
  /** Rows of the input that have a reading, in order; the others take no part. */
  readonly rows: Uint32Array;
  readonly groups: number;
  readonly folds: number;
  readonly seed: number;
  /** Out-of-fold probabilities of the chosen kind, three for each row used. */
  readonly probabilities: Float64Array;
  readonly raw: MeanEstimate;
  readonly calibrated: MeanEstimate;
  /** Class shares of the other folds as the prediction. */
  readonly prior: MeanEstimate;
  /** Raw - calibrated: positive when calibration helps. */
  readonly gain: MeanEstimate;
  /** Prior - calibrated: positive when the judge knows more than the shares. */
  readonly gainOverPrior: MeanEstimate;
  /** Why this calibration must not be used; null when it helps. */
  readonly refusal: string | null;
}

/**
 * Fits, cross-validates and chooses a calibration. Folds never part rows of one group. Of the kinds that beat the class
 * prior, the simplest wins whose out-of-fold log loss is within one standard error of the best (the rule of Breiman et
 * al. 1984, with the standard error of the paired difference: the same rows are in both). Kinds that do not beat the
 * prior stand back because a temperature alone cannot express that ties are rare, however large its standard error.
 * All numbers but the parameters are out-of-fold; the choice between three kinds is made on the same folds, which
 * flatters the gain by less than it can resolve.
 */
export function studyCalibration(input: Labelled, options: StudyOptions): CalibrationStudy {
  const rows = usableRows(input);
  const labelled = take(input, rows);
  const groups = new Set(labelled.groups).size;
  const folds = Math.min(options.folds ?? 5, Math.max(1, groups));
  const outOfFold = crossValidate(kindsFor(labelled), labelled, groupedFolds(labelled.groups, folds, options.seed));

  const estimate = (values: Float64Array): MeanEstimate => bootstrapMean(values, labelled.groups, options);
  const candidates = rank(outOfFold.byKind, labelled.truth, estimate);
  const prior = logLosses(outOfFold.prior, labelled.truth);
  const { kind } = choose(candidates, meanOf(prior));
  const probabilities = outOfFold.byKind.get(kind) ?? new Float64Array();
  const raw = logLosses(rawTriples(labelled), labelled.truth);
  const calibrated = logLosses(probabilities, labelled.truth);
  const study = {
    kind,
    parameters: fitCalibration(kind, labelled, Uint32Array.from(rows.keys())),
    candidates,
    rows,
    groups,
    folds,
    seed: options.seed,
    probabilities,
    raw: estimate(raw),
    calibrated: estimate(calibrated),
    prior: estimate(prior),
    gain: estimate(minus(raw, calibrated)),
    gainOverPrior: estimate(minus(prior, calibrated)),
  };
  return { ...study, refusal: refusalOf(study) };
}

/** Position can only be told from a liking for a or b when both orders were read. */
function kindsFor({ readings }: Labelled): readonly Kind[] {
  const share = Math.min(...[readings.ab, readings.ba].map(readCount)) / (readings.ab.length / 3);
  return share >= 0.05 ? KINDS : KINDS.filter((kind) => kind !== "temperature-bias-position");
}

function rank(
  byKind: ReadonlyMap<Kind, Float64Array>,
  truth: Float64Array,
  estimate: (values: Float64Array) => MeanEstimate,
): Candidate[] {
  const losses = [...byKind].map(([kind, probabilities]) => ({ kind, losses: logLosses(probabilities, truth) }));
  const means = losses.map(({ losses }) => meanOf(losses));
  const best = losses[means.indexOf(Math.min(...means))]?.losses ?? new Float64Array();
  return losses.map(({ kind, losses }, place) => ({
    kind,
    logLoss: means[place] as number,
    behindBest: estimate(minus(losses, best)),
  }));
}

function choose(candidates: readonly Candidate[], prior: number): Candidate {
  const near = candidates.filter(({ behindBest }) => behindBest.mean <= (behindBest.error?.standardError ?? 0));
  const simplest = near.find(({ logLoss }) => logLoss < prior) ?? near[0];
  if (simplest === undefined) throw new Error("the best candidate is always within a standard error of itself");
  return simplest;
}

function rawTriples({ readings, groups }: Labelled): Float64Array {
  const triples = new Float64Array(3 * groups.length);
  for (const row of groups.keys()) triples.set(rawProbabilities(readingsOf(readings, row)), 3 * row);
  return triples;
}

function usableRows({ readings, groups }: Labelled): Uint32Array {
  return Uint32Array.from(groups.keys()).filter((row) => {
    const { ab, ba } = readingsOf(readings, row);
    return ab !== null || ba !== null;
  });
}

function take({ readings, truth, groups }: Labelled, rows: Uint32Array): Labelled {
  return {
    readings: { ab: takeTriples(readings.ab, rows), ba: takeTriples(readings.ba, rows) },
    truth: takeTriples(truth, rows),
    groups: rows.map((row) => groups[row] as number),
  };
}

function readCount(values: Float64Array): number {
  return values.filter((value, index) => index % 3 === 0 && !Number.isNaN(value)).length;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function minus(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((value, row) => value - (other[row] as number));
}
