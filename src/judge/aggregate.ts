import { readFile } from "node:fs/promises";
import { applyCalibration, type Parameters } from "../calibrate/apply.ts";
import { type CalibratedJudge, type Calibration, judgeMismatches, parseCalibration } from "../calibrate/file.ts";
import { type JudgedRow, verdictOfRow } from "../calibrate/verdicts.ts";
import { meanByClass, mix, swapBack } from "../classes.ts";
import type { Config } from "../config/config.ts";
import { AbtieError, messageOf } from "../errors.ts";
import { combineAnswers, judgeShares } from "../escalate/combine.ts";
import { type EscalationCalibration, parseEscalation } from "../escalate/file.ts";
import type { EscalationModel } from "../escalate/model.ts";
import { countsOf } from "../escalate/steps.ts";
import { sha256 } from "../files/hash.ts";
import { mean, sum } from "../numbers/sums.ts";
import type { Template } from "../prompt/template/template.ts";
import type { Log, Order, PerClass, Reading, RowVerdict } from "../types.ts";
import { applyMassPolicy } from "./mass-policy.ts";
import { modelName } from "./model-name.ts";
import type { Aggregate, Combine } from "./outcome.ts";

/** The function that turns readings into probabilities, and the calibration that it applies. */
export interface Aggregation {
  readonly aggregate: Aggregate;
  /** Null when no calibration is applied. */
  readonly calibration: { readonly file: string; readonly kind: Calibration["kind"] } | null;
  /** Gives the set of verdicts of a row; null when the calibration has no rules for it. */
  readonly verdictOf: VerdictOf | null;
}

export type VerdictOf = (row: JudgedRow) => RowVerdict;

type AggregateConfig = Pick<Config, "mass" | "prior" | "calibration" | "engine">;

/**
 * Creates the function that turns a row's readings into its probabilities. The steps are: softmax over the labels, or
 * the calibration; the mass policy; swapping back; the mean of both orders. Throws AbtieError("config") when the
 * calibration cannot be read or was made for another template or other labels. A calibration of another model gives
 * only a warning, because one model may have many names.
 */
export async function createAggregate(
  config: AggregateConfig,
  template: Pick<Template, "sha256" | "labels">,
  log: Log,
): Promise<Aggregation> {
  const file = config.calibration;
  if (file === null) return { aggregate: plainAggregate(config), calibration: null, verdictOf: null };
  const calibration = parseCalibration(await readText(file), file);
  refuseMisfit(calibration.judge, { file, engine: config.engine, template }, log);
  const aggregate = calibratedAggregate(calibration.parameters, config);
  const { kind, verdicts } = calibration;
  return {
    aggregate,
    calibration: { file, kind },
    verdictOf: verdicts === undefined ? null : (row) => verdictOfRow(verdicts, row),
  };
}

/**
 * Throws AbtieError("config") when the judge of a calibration had another template or other labels. Only warns about another model,
 * because one model may have many names.
 */
function refuseMisfit(
  fitted: CalibratedJudge,
  {
    file,
    engine,
    template,
  }: {
    readonly file: string;
    readonly engine: Config["engine"];
    readonly template: Pick<Template, "sha256" | "labels">;
  },
  log: Log,
): void {
  const model = modelName(engine);
  const details = judgeMismatches(fitted, { model, template: template.sha256, labels: template.labels });
  if (details.length > 0) {
    throw new AbtieError(
      "config",
      `${file} does not fit this run: fit a calibration to this template with \`abtie calibrate\`, or remove \`calibration\` from the config`,
      { details },
    );
  }
  if (model === fitted.model) return;
  log("warn", `${file} was fitted to the model ${fitted.model}, and this run asks ${model}: is it the same?`);
}

/** One of two judges, as far as the file of their combination must fit it. */
export interface CombinedJudge {
  readonly engine: Config["engine"];
  readonly template: Pick<Template, "sha256" | "labels">;
}

/** How the answers of two judges are combined, and what their labelled rows showed. */
export interface CombinationFile extends Pick<EscalationCalibration, "model" | "pilot"> {
  /** SHA-256 of the file. */
  readonly sha256: string;
}

/**
 * Reads how the answers of two judges are combined, what further answers bring, and how fast the judges were. Throws
 * AbtieError("config") when the file cannot be read or was made for other templates or labels.
 */
export async function readEscalation(
  file: string,
  judges: readonly [CombinedJudge, CombinedJudge],
  log: Log,
): Promise<CombinationFile> {
  const text = await readText(file);
  const fitted = parseEscalation(text, file);
  for (const at of [0, 1] as const) refuseMisfit(fitted.judges[at], { file, ...judges[at] }, log);
  return { model: fitted.model, pilot: fitted.pilot, sha256: sha256(text) };
}

/** Turns each reading into probabilities by itself, then takes the mean of both orders. */
function plainAggregate({ mass, prior }: AggregateConfig): Aggregate {
  const one = (reading: Reading, order: Order): ReturnType<Aggregate> => {
    const { probabilities, note } = applyMassPolicy(reading, mass, swapBack(prior, order));
    return { probabilities: swapBack(probabilities, order), note };
  };
  return ({ ab, ba }) => {
    const [first, second] = [ab === null ? null : one(ab, "ab"), ba === null ? null : one(ba, "ba")].filter(
      (judged) => judged !== null,
    );
    if (first === undefined) throw new Error("a row without any reading cannot be judged");
    if (second === undefined) return first;
    return { probabilities: meanByClass([first.probabilities, second.probabilities]), note: first.note ?? second.note };
  };
}

/** Calibrates all readings of a row together, under the mass policy. */
function calibratedAggregate(parameters: Parameters, config: MassConfig): Aggregate {
  return ({ ab, ba }) =>
    underMassPolicy([[ab, ba]], config, ([shown]) => ({
      probabilities: applyCalibration(parameters, shown as ShownReadings),
      shares: [1],
    }));
}

/**
 * Creates the function that combines the readings of two judges into the probabilities of a row, under the mass policy. At least one
 * reading must be given.
 */
export function createCombination(model: EscalationModel, config: MassConfig): Combine {
  type Both = readonly [ShownReadings, ShownReadings];
  return (first, second) => {
    const pairs = [first, second].map(({ ab, ba }): ReadingPair => [ab, ba]);
    const { shown, ...judged } = underMassPolicy(pairs, config, (answers) => ({
      probabilities: combineAnswers(model, answers as Both),
      shares: judgeShares(model, countsOf(answers as Both)),
    }));
    return { ...judged, counts: countsOf(shown as Both) };
  };
}

type MassConfig = Pick<Config, "mass" | "prior">;
/** The readings of one judge, as given and swapped. */
type ReadingPair = readonly [ab: Reading | null, ba: Reading | null];
/** The log probabilities of one judge, in the order shown; null for none, or for a reading that the policy leaves out. */
type ShownReadings = Readonly<Record<Order, PerClass | null>>;

/**
 * Computes the probabilities of a row from the readings of judges, which are used together. `compute` also gives the share that each
 * judge has in the result; `shown` are the readings that it got. The policy "floor" mixes the result with the prior: the weight of a
 * judge is the mean of those of its readings, and the judges count by their shares. The policy "fallback" leaves out each reading below the minimum mass.
 */
function underMassPolicy(
  judges: readonly ReadingPair[],
  { mass, prior }: MassConfig,
  compute: (shown: readonly ShownReadings[]) => {
    readonly probabilities: PerClass;
    readonly shares: readonly number[];
  },
): ReturnType<Aggregate> & { readonly shown: readonly ShownReadings[] } {
  const weightOf = (reading: Reading): number => {
    if (reading.mass === null || reading.mass >= mass.minimum || mass.action === "warn") return 1;
    return mass.action === "floor" ? reading.mass / mass.minimum : 0;
  };
  const isUsed = (reading: Reading | null): reading is Reading =>
    reading !== null && (mass.action !== "fallback" || weightOf(reading) > 0);
  const readings = judges.flat().filter((reading) => reading !== null);
  const [note = null] = readings.map((reading) => applyMassPolicy(reading, mass, prior).note).filter(Boolean);
  const shownOf = (reading: Reading | null): PerClass | null => (isUsed(reading) ? reading.logProbs : null);
  const shown = judges.map(([ab, ba]) => ({ ab: shownOf(ab), ba: shownOf(ba) }));
  if (!readings.some(isUsed)) return { probabilities: prior, note, shown };
  const { probabilities, shares } = compute(shown);
  const weights = judges.map((pair, judge) => {
    const share = shares[judge] ?? 0;
    return share === 0 ? 0 : share * mean(pair.filter(isUsed).map(weightOf));
  });
  return { probabilities: mix(probabilities, prior, sum(weights)), note, shown };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const found = messageOf(cause);
    throw new AbtieError("config", `cannot read the calibration ${file} (${found}): make it with \`abtie calibrate\``, {
      cause,
    });
  }
}
