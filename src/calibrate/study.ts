import { logLosses } from "../metrics/log-loss.ts";
import { takeTriples } from "../metrics/triples.ts";
import { mean, subtract } from "../numbers/sums.ts";
import { type BootstrapOptions, bootstrapMean, DEFAULT_RESAMPLES, type MeanEstimate } from "../stats/bootstrap.ts";
import type { Interval } from "../stats/interval.ts";
import type { Parameters } from "./apply.ts";
import { crossValidate, type OutOfFold } from "./cross-validate.ts";
import { fitCalibration, KINDS, type Kind, type Labelled } from "./fit.ts";
import { groupedFolds } from "./folds.ts";
import { rawProbabilities, readingsOf } from "./readings.ts";
import { refusalOf } from "./refusal.ts";

export interface StudyOptions extends BootstrapOptions {
  /** Parts of the cross-validation. Default 10, fewer when there are fewer groups. */
  readonly folds?: number;
  /** Ways of dealing the groups into folds, over which is averaged. Default 10, fewer for more than 5,000 rows. */
  readonly deals?: number;
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
  readonly deals: number;
  /** Smallest and largest gain over raw that one way of dealing alone would have shown, nats. */
  readonly gainByDeal: Interval;
  readonly seed: number;
  /** Out-of-fold probabilities of the chosen kind, three for each row used. */
  readonly probabilities: Float64Array;
  readonly raw: MeanEstimate;
  readonly calibrated: MeanEstimate;
  /** Class shares of the other folds as the prediction. */
  readonly prior: MeanEstimate;
  /**
   * Raw - calibrated: positive when calibration helps. The interval is over groups and takes the fits as they are: it says
   * what other rows would gain from these fits, not how much the fits would differ had other rows been labelled.
   */
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
 * All numbers but the parameters are out-of-fold, and the mean over several ways of dealing the groups into folds, so that
 * neither choice nor refusal hangs on the luck of one (repeated cross-validation). The choice between three kinds is made
 * on the same folds, which flatters the gain by less than it can resolve.
 */
export function studyCalibration(input: Labelled, options: StudyOptions): CalibrationStudy {
  const rows = usableRows(input);
  const labelled = take(input, rows);
  const groups = new Set(labelled.groups).size;
  const folds = Math.min(options.folds ?? 10, Math.max(1, groups));
  const deals = options.deals ?? dealsFor(rows.length);
  const outOfFold = crossValidate(
    kindsFor(labelled),
    labelled,
    Array.from({ length: deals }, (_, deal) => groupedFolds(labelled.groups, folds, options.seed + deal * SEED_STEP)),
  );

  const estimate = (values: Float64Array): MeanEstimate => bootstrapMean(values, labelled.groups, options);
  const candidates = rank(outOfFold.byKind, estimate);
  const { losses: prior } = outOfFold.prior;
  const { kind } = choose(candidates, mean(prior));
  const chosen = outOfFold.byKind.get(kind);
  if (chosen === undefined) throw new Error("what is chosen was a candidate");
  const { probabilities, losses: calibrated } = chosen;
  const raw = logLosses(rawTriples(labelled), labelled.truth);
  const gains = chosen.byDeal.map((loss) => mean(raw) - loss);
  const study = {
    kind,
    parameters: fitCalibration(kind, labelled, Uint32Array.from(rows.keys())),
    candidates,
    rows,
    groups,
    ...{ folds, deals, seed: options.seed },
    gainByDeal: { low: Math.min(...gains), high: Math.max(...gains) },
    probabilities,
    raw: estimate(raw),
    calibrated: estimate(calibrated),
    prior: estimate(prior),
    gain: bootstrapMean(subtract(raw, calibrated), labelled.groups, decisive(groups, options)),
    gainOverPrior: estimate(subtract(prior, calibrated)),
  };
  return { ...study, refusal: refusalOf(study) };
}

/** Position can only be told from a liking for a or b when both orders were read. */
function kindsFor({ readings }: Labelled): readonly Kind[] {
  const share = Math.min(...[readings.ab, readings.ba].map(readCount)) / (readings.ab.length / 3);
  return share >= 0.05 ? KINDS : KINDS.filter((kind) => kind !== "temperature-bias-position");
}

/** The end of the interval that decides between use and refusal is not to hang on the luck of the resampling either. */
function decisive(groups: number, options: BootstrapOptions): BootstrapOptions {
  const { resamples = DEFAULT_RESAMPLES } = options;
  return { ...options, resamples: groups > FEW_GROUPS ? resamples : 4 * resamples };
}

/** Up to as many groups, resampling is quick. */
const FEW_GROUPS = 2_000;

/** The more rows there are, the less hangs on the deal, and the longer each takes. */
function dealsFor(rows: number): number {
  return Math.max(2, Math.min(MOST_DEALS, Math.round((MOST_DEALS * 5_000) / rows)));
}

const MOST_DEALS = 10;
/** Runs with neighbouring seeds share no deal. */
const SEED_STEP = 1_000_003;

function rank(byKind: OutOfFold["byKind"], estimate: (values: Float64Array) => MeanEstimate): Candidate[] {
  const losses = [...byKind].map(([kind, { losses }]) => ({ kind, losses }));
  const means = losses.map(({ losses }) => mean(losses));
  const best = losses[means.indexOf(Math.min(...means))]?.losses ?? new Float64Array();
  return losses.map(({ kind, losses }, place) => ({
    kind,
    logLoss: means[place] as number,
    behindBest: estimate(subtract(losses, best)),
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
