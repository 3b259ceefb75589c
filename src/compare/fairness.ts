import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { formatPercent, formatSignificant, plural } from "../format.ts";
import { modelName } from "../judge/model-name.ts";
import type { Assessment } from "./assess.ts";
import type { Variant } from "./open-variants.ts";

/** Refuses to judge text that holds the labels. Throws AbtieError("config") naming the column. */
export function refuseLeaks({ columns }: Pick<Config, "columns">): void {
  const texts = { prompt: columns.prompt, response_a: columns.responseA, response_b: columns.responseB };
  const truth = [...columns.labels, columns.votes];
  for (const [key, name] of Object.entries(texts)) {
    if (!truth.includes(name)) continue;
    throw new AbtieError(
      "config",
      `the column "${name}" is both a label and the text of columns.${key}: a judge that sees the labels would win`,
    );
  }
}

/** Refuses rows without labels. Throws AbtieError("data") naming the columns. */
export function requireLabels(
  truth: Float64Array | null,
  { input, columns, truth: source }: Pick<Config, "input" | "columns" | "truth">,
): Float64Array {
  if (truth !== null) return truth;
  const wanted = source === "votes" ? `the column ${columns.votes}` : `the columns ${columns.labels.join(", ")}`;
  throw new AbtieError(
    "data",
    `${input} has no labels, and without them nothing says which variant is better: expected ${wanted}. ` +
      "Name a labelled file with -i; name its columns under `columns` (winner_a, winner_b, winner_tie); for a column of " +
      "votes add --truth votes.",
  );
}

/** What a reader must know before believing a comparison. */
export interface Circumstances {
  readonly end: "done" | "decided" | "interrupted" | "engine-lost";
  readonly variants: readonly Variant[];
  readonly assessments: readonly Assessment[];
  /** Rows that were left out because a variant could not be scored on them, by variant. */
  readonly failed: readonly { readonly name: string; readonly rows: number }[];
  /** For each variant, the rows whose text its template holds. */
  readonly leaked: readonly number[];
  /** For each variant, the model that its server says it serves; null when abtie started that server or never asked it. */
  readonly served: readonly (string | null)[];
  /** Variants that apply a calibration fitted to this very file. */
  readonly fittedHere: readonly string[];
  /** Whether verdicts are on raw probabilities because early stopping needs them. */
  readonly sequential: boolean;
}

/** A share of shortened rows worth a warning. */
const MANY = 0.05;

/** Lists why a comparison may not be fair, or not what a reader takes it for; one sentence each. */
export function warningsOf({
  end,
  variants,
  assessments,
  failed,
  leaked,
  served,
  fittedHere,
  sequential,
}: Circumstances): string[] {
  const models = new Map(variants.map(({ name, config }, place) => [name, served[place] ?? modelName(config.engine)]));
  const servers = new Set(variants.map(({ config }) => JSON.stringify(config.engine)));
  const low = assessments.filter(({ name, mass }) => mass !== null && mass.median < minimumOf(name, variants));
  const shortened = assessments.filter(({ shortened, columns }) => shortened > MANY * columns.ids.length);
  return [
    ...(end === "interrupted" && !sequential
      ? ["The comparison was interrupted: p values hold only if that had nothing to do with the results seen so far."]
      : []),
    ...(end === "interrupted" && sequential ? ["The comparison was interrupted before the answer was known."] : []),
    ...(end === "engine-lost" ? ["The engine was lost before all rows were scored."] : []),
    ...(new Set(models.values()).size > 1
      ? [
          `The variants are judged by different models: ${[...models].map(([name, model]) => `${name} by ${model}`).join(", ")}.`,
        ]
      : []),
    ...(servers.size > 1
      ? ["The variants run on different engines, one after the other: seconds a row are those of each engine."]
      : []),
    ...failed
      .filter(({ rows }) => rows > 0)
      .map(({ name, rows }) => `${rowsWere(rows)} left out of the comparison: ${name} could not be scored on them.`),
    ...assessments.flatMap(({ name }, place) => {
      const rows = leaked[place] ?? 0;
      const whose = `The text of ${rowsWere(rows)}`;
      return rows === 0
        ? []
        : [`${whose} found in the template of ${name}: what its examples tell about them, it has not judged.`];
    }),
    ...(low.length === 0
      ? []
      : [
          `${low.map(({ name }) => name).join(", ")}: the median label mass is ${low.map(({ mass }) => formatSignificant(mass?.median ?? 0)).join(", ")}. ` +
            "Most of what the model wanted to say is no label, so what it says about the labels is a side effect.",
        ]),
    ...shortened.map(
      ({ name, shortened, columns }) =>
        `${name}: ${formatPercent(shortened / columns.ids.length)} of the rows were shortened to fit its context.`,
    ),
    ...fittedHere.map(
      (name) => `${name} applies a calibration that was fitted to this very file: its raw figures are too good.`,
    ),
    ...(sequential ? conflict(assessments) : []),
  ];
}

/** Early stopping looks at raw probabilities; calibrated ones may say otherwise. */
function conflict(assessments: readonly Assessment[]): string[] {
  const best = (loss: (one: Assessment) => number | undefined): string | undefined =>
    [...assessments].sort((one, other) => (loss(one) ?? 0) - (loss(other) ?? 0))[0]?.name;
  const raw = best((one) => one.raw.evaluation.logLoss.mean);
  const calibrated = best((one) => one.calibrated?.evaluation.logLoss.mean);
  if (assessments.some((one) => one.calibrated === null) || raw === calibrated) return [];
  return [
    `Early stopping compares raw probabilities, where ${raw} is ahead; once calibrated, ${calibrated} is. Calibrate first, or compare without --early-stop.`,
  ];
}

function minimumOf(name: string, variants: readonly Variant[]): number {
  return variants.find((variant) => variant.name === name)?.config.mass.minimum ?? 0;
}

function rowsWere(rows: number): string {
  return `${plural(rows, "row")} ${rows === 1 ? "was" : "were"}`;
}
