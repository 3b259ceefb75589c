import { type ClassMatrix, matrixOf, pickRows, rowAt, rowsOf } from "../class-matrix.ts";
import { classPriorLosses } from "../metrics/class-prior.ts";
import { logLosses } from "../metrics/log-loss.ts";
import { mean, subtract } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, DEFAULT_RESAMPLES, type MeanEstimate } from "../stats/bootstrap.ts";
import type { Interval } from "../stats/interval.ts";
import type { Parameters } from "./apply.ts";
import { crossValidate, groupedFolds, type OutOfFold } from "./cross-validate.ts";
import { fitCalibration, KINDS, type Kind, type LabelledReadings } from "./fit.ts";
import { rawProbabilities, readingsOf } from "./readings.ts";
import { refusalOf } from "./refusal.ts";

export interface StudyOptions extends BootstrapOptions {
  /** Number of folds of the cross-validation. Default 10, fewer when there are fewer groups. */
  readonly folds?: number;
  /** Number of random divisions into folds to average over. Default 10, fewer for more than 5,000 rows. */
  readonly repeats?: number;
}

/** A kind of calibration and its result in the cross-validation. */
export interface CandidateKind {
  readonly kind: Kind;
  /** Out-of-fold log loss, nats. */
  readonly logLoss: number;
  /** Log loss of this kind - log loss of the best kind, paired row by row; 0 for the best kind itself. */
  readonly behindBest: MeanEstimate;
}

/** The result of fitting and cross-validating a calibration. Log losses are in nats, over the rows used. */
export interface CalibrationStudy {
  readonly kind: Kind;
  /** The parameters of the chosen kind, fitted to all rows used. */
  readonly parameters: Parameters;
  readonly candidates: readonly CandidateKind[];
  /** The rows used, in order: those of the input that have a reading. */
  readonly rows: Uint32Array;
  readonly groups: number;
  readonly folds: number;
  readonly repeats: number;
  /** Smallest and largest gain over the raw probabilities that a single repeat shows, in nats. */
  readonly gainByRepeat: Interval;
  readonly seed: number;
  /** Out-of-fold probabilities of the chosen kind, for each row used. */
  readonly probabilities: ClassMatrix;
  readonly raw: MeanEstimate;
  readonly calibrated: MeanEstimate;
  /** The predictions by the class prior of these rows, as in an evaluation. */
  readonly prior: MeanEstimate;
  /**
   * Log loss raw - calibrated: positive when calibration helps. The interval comes from the bootstrap over groups with fixed
   * fits. It therefore covers the gain of these fits on other rows, but not the variation of the fits that other labelled rows
   * would cause.
   */
  readonly gain: MeanEstimate;
  /** Log loss of the prior - calibrated: positive when the judge predicts better than the class shares. */
  readonly gainOverPrior: MeanEstimate;
  /** The reason why this calibration must not be used; null when it helps. */
  readonly refusal: string | null;
}

/**
 * Fits and cross-validates every kind of calibration, and chooses one. The rows of a group are always in the same fold.
 *
 * Of the kinds that beat the class prior, the study chooses the simplest whose out-of-fold log loss is within one standard
 * error of the best (the rule of Breiman et al. 1984, with the standard error of the difference paired by row). Kinds that do
 * not beat the prior come last even when their log loss is within one standard error, because a temperature alone cannot
 * express that ties are rare.
 *
 * All numbers except the parameters are out of fold, and they are means over several random divisions into folds (repeated
 * cross-validation), so that neither the choice nor the refusal depends on a lucky division. Because the three kinds are
 * compared on the same folds, the gain of the chosen kind is slightly too large, but by less than the width of its interval.
 */
export function studyCalibration(input: LabelledReadings, options: StudyOptions): CalibrationStudy {
  const rows = usableRows(input);
  const labelled = take(input, rows);
  const groups = new Set(labelled.groups).size;
  const folds = Math.min(options.folds ?? 10, Math.max(1, groups));
  const repeats = options.repeats ?? repeatsFor(rows.length);
  const outOfFold = crossValidate(
    kindsFor(labelled),
    labelled,
    Array.from({ length: repeats }, (_, k) => groupedFolds(labelled.groups, folds, options.seed + k * SEED_STEP)),
  );

  const estimate = (values: Float64Array): MeanEstimate => bootstrapMean(values, labelled.groups, options);
  const candidates = rank(outOfFold.byKind, estimate);
  const prior = classPriorLosses(labelled.truth);
  const { kind } = choose(candidates, mean(prior));
  const chosen = outOfFold.byKind.get(kind);
  if (chosen === undefined) throw new Error(`the chosen kind ${kind} is not a candidate`);
  const { probabilities, losses: calibrated } = chosen;
  const raw = logLosses(rawRows(labelled), labelled.truth);
  const gains = chosen.byRepeat.map((loss) => mean(raw) - loss);
  const study = {
    kind,
    parameters: fitCalibration(kind, labelled, Uint32Array.from(rows.keys())),
    candidates,
    rows,
    groups,
    folds,
    repeats,
    seed: options.seed,
    gainByRepeat: { low: Math.min(...gains), high: Math.max(...gains) },
    probabilities,
    raw: estimate(raw),
    calibrated: estimate(calibrated),
    prior: estimate(prior),
    gain: bootstrapMean(subtract(raw, calibrated), labelled.groups, decisive(groups, options)),
    gainOverPrior: estimate(subtract(prior, calibrated)),
  };
  return { ...study, refusal: refusalOf(study) };
}

/**
 * Lists the kinds that can be fitted. A position bias can be distinguished from a preference for a or b only when both orders
 * were read, each for at least 5 % of the rows.
 */
function kindsFor({ readings }: LabelledReadings): readonly Kind[] {
  const share = Math.min(...[readings.ab, readings.ba].map(readCount)) / rowsOf(readings.ab);
  return share >= 0.05 ? KINDS : KINDS.filter((kind) => kind !== "temperature-bias-position");
}

/**
 * Increases the number of resamples when there are few groups, because an end of this interval decides whether the calibration
 * is used or refused.
 */
function decisive(groups: number, options: BootstrapOptions): BootstrapOptions {
  const { resamples = DEFAULT_RESAMPLES } = options;
  return { ...options, resamples: groups > FEW_GROUPS ? resamples : 4 * resamples };
}

/** Up to this number of groups, resampling is fast. */
const FEW_GROUPS = 2_000;

/**
 * Chooses the number of repeats. It is smaller for more rows, because the division then has less influence and a repeat takes
 * longer.
 */
function repeatsFor(rows: number): number {
  return Math.max(2, Math.min(MOST_REPEATS, Math.round((MOST_REPEATS * 5_000) / rows)));
}

const MOST_REPEATS = 10;
/** Distance between the seeds of repeats. It is large, so that studies with neighbouring seeds have no division in common. */
const SEED_STEP = 1_000_003;

function rank(byKind: OutOfFold["byKind"], estimate: (values: Float64Array) => MeanEstimate): CandidateKind[] {
  const losses = [...byKind].map(([kind, { losses }]) => ({ kind, losses }));
  const means = losses.map(({ losses }) => mean(losses));
  const best = losses[means.indexOf(Math.min(...means))]?.losses ?? new Float64Array();
  return losses.map(({ kind, losses }, index) => ({
    kind,
    logLoss: means[index] as number,
    behindBest: estimate(subtract(losses, best)),
  }));
}

function choose(candidates: readonly CandidateKind[], prior: number): CandidateKind {
  const near = candidates.filter(({ behindBest }) => behindBest.mean <= (behindBest.error?.standardError ?? 0));
  const simplest = near.find(({ logLoss }) => logLoss < prior) ?? near[0];
  if (simplest === undefined) throw new Error("the best candidate is always within a standard error of itself");
  return simplest;
}

function rawRows({ readings, groups }: LabelledReadings): ClassMatrix {
  const rows = [...groups.keys()].map((row) => rawProbabilities(readingsOf(readings, row)));
  return matrixOf(readings.ab.classes, rows);
}

function usableRows({ readings, groups }: LabelledReadings): Uint32Array {
  return Uint32Array.from(groups.keys()).filter((row) => {
    const { ab, ba } = readingsOf(readings, row);
    return ab !== null || ba !== null;
  });
}

function take({ readings, truth, groups }: LabelledReadings, rows: Uint32Array): LabelledReadings {
  return {
    readings: { ab: pickRows(readings.ab, rows), ba: pickRows(readings.ba, rows) },
    truth: pickRows(truth, rows),
    groups: rows.map((row) => groups[row] as number),
  };
}

function readCount(readings: ClassMatrix): number {
  const rows = Array.from({ length: rowsOf(readings) }, (_, row) => rowAt(readings, row)[0]);
  return rows.filter((value) => !Number.isNaN(value)).length;
}
