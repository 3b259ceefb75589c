import { engineKey } from "../config/engine-key.ts";
import { formatMass, formatPercent, plural } from "../format.ts";
import { kindOf } from "../judge/mass-gate.ts";
import { modelName } from "../judge/model-name.ts";
import { leftOutTies } from "../metrics/labels-for.ts";
import type { Assessment } from "./assess.ts";
import type { Measured } from "./measure.ts";
import type { Variant } from "./open-variants.ts";

/** All properties of a comparison that may give a reader a reason to doubt it. */
export interface Circumstances {
  readonly end: "done" | "decided" | "budget" | "interrupted" | "engine-lost";
  readonly variants: readonly Variant[];
  readonly assessments: readonly Measured[];
  /** For each variant, the number of rows for which it failed; these rows were left out. */
  readonly failed: readonly { readonly name: string; readonly rows: number }[];
  /** For each variant, the number of rows with a text that its template contains. */
  readonly leaked: readonly number[];
  /** For each variant, the model that its server reports; null when abtie started the server, or never asked it. */
  readonly served: readonly (string | null)[];
  /** How pairs are tested: on a fixed number of rows, while rows are scored, or not at all. */
  readonly inference: "fixed" | "sequential" | "none";
  /** Number of rows that are left out, because they are labelled as ties and the judges know none. */
  readonly ties: number;
}

/** A warning is given when the share of shortened rows is larger than this. */
const MOST_SHORTENED = 0.05;

/** Lists reasons why a comparison may be unfair or misunderstood, one sentence each. */
export function comparisonWarnings(circumstances: Circumstances): string[] {
  const { assessments, failed, leaked } = circumstances;
  const lowMass = assessments.filter(({ mass }) => mass !== null && kindOf(mass.median) !== "high");
  const shortened = assessments.filter(({ shortened, columns }) => shortened > MOST_SHORTENED * columns.ids.length);
  return [
    ...endWarnings(circumstances),
    ...engineWarnings(circumstances),
    ...[leftOutTies(circumstances)].flatMap((text) => (text === null ? [] : [`${text}.`])),
    ...failed
      .filter(({ rows }) => rows > 0)
      .map(({ name, rows }) => `${wasOrWere(rows)} left out of the comparison: ${name} could not be scored on them.`),
    ...assessments.flatMap(({ name }, index) => leakWarning(name, leaked[index] ?? 0)),
    ...(lowMass.length === 0 ? [] : [lowMassWarning(lowMass)]),
    ...shortened.map(
      ({ name, shortened, columns }) =>
        `${name}: ${formatPercent(shortened / columns.ids.length)} of the rows were shortened to fit its context.`,
    ),
  ];
}

function endWarnings({ end, inference }: Circumstances): string[] {
  switch (end) {
    case "done":
    case "decided":
    case "budget":
      return [];
    case "interrupted":
      return [INTERRUPTED[inference]];
    case "engine-lost":
      return ["The engine was lost before all rows were scored."];
    default:
      return end satisfies never;
  }
}

const INTERRUPTED: Readonly<Record<Circumstances["inference"], string>> = {
  fixed: "The comparison was interrupted: p values hold only if the results so far were not the reason.",
  sequential: "The comparison was interrupted before it was decided.",
  none: "The comparison was interrupted before all rows were scored.",
};

function engineWarnings({ variants, served }: Circumstances): string[] {
  const models = variants.map(({ name, config }, index) => [name, served[index] ?? modelName(config.engine)] as const);
  const engines = new Set(variants.map(({ config }) => engineKey(config)));
  const named = models.map(([name, model]) => `${name} by ${model}`).join(", ");
  return [
    ...(new Set(models.map(([, model]) => model)).size > 1
      ? [`The variants are judged by different models: ${named}.`]
      : []),
    ...(engines.size > 1
      ? ["The variants run on different engines, one after the other: seconds per row are those of each engine."]
      : []),
  ];
}

function leakWarning(name: string, rows: number): string[] {
  if (rows === 0) return [];
  return [
    `The text of ${wasOrWere(rows)} found in the template of ${name}: its examples give away the answers of those rows.`,
  ];
}

function lowMassWarning(assessments: readonly Measured[]): string {
  const names = assessments.map(({ name }) => name).join(", ");
  const medians = assessments.map(({ mass }) => formatMass(mass?.median ?? 0)).join(", ");
  return (
    `${names}: the median label mass is ${medians}. The model gives most of its probability to tokens that are no label, so ` +
    "its choice between the labels is a side effect."
  );
}

/**
 * Warns when the best variant by raw probabilities, which early stopping compares, is not the best by calibrated ones.
 */
export function rankWarning(assessments: readonly Assessment[]): string[] {
  const best = (loss: (one: Assessment) => number | undefined): string | undefined =>
    [...assessments].sort((one, other) => (loss(one) ?? 0) - (loss(other) ?? 0))[0]?.name;
  const raw = best((one) => one.raw.evaluation.logLoss.mean);
  const calibrated = best((one) => one.calibrated?.evaluation.logLoss.mean);
  if (assessments.some((one) => one.calibrated === null) || raw === calibrated) return [];
  return [
    `Early stopping compares raw probabilities, by which ${raw} is best; once calibrated, ${calibrated} is. Calibrate first, or compare without --early-stop.`,
  ];
}

function wasOrWere(rows: number): string {
  return `${plural(rows, "row")} ${rows === 1 ? "was" : "were"}`;
}
