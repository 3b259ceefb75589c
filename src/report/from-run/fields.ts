import { basename } from "node:path";
import type { SubjectEvaluation } from "../../evaluate/evaluation.ts";
import type { JoinedRows } from "../../evaluate/labelled.ts";
import { formatCount, plural } from "../../format.ts";
import { describeLowMass, kindOf } from "../../judge/mass-gate.ts";
import { modelName } from "../../judge/model-name.ts";
import { median } from "../../numbers/quantile.ts";
import type { LoadedRun } from "../../runfolder/load-run-folder.ts";
import type { Timeline } from "../../runfolder/timeline/timeline.ts";
import type { Field, ReportRow } from "../data/run-data.ts";

/**
 * Lists the properties of a run. `data` is the file with the run's rows and labels; null when the file could not be
 * read.
 */
export function runFields({ manifest, config, summary }: LoadedRun, data: JoinedRows | null): readonly Field[] {
  const { engine, clip } = config;
  const version = summary?.engine.version ?? null;
  const isInput = data?.dataset.sha256 === manifest.hashes["data"];
  return [
    {
      name: "Data",
      value: `${basename(config.input)}, ${plural(manifest.rows, "row")}, ${hash(manifest.hashes["data"])}`,
    },
    ...(data === null || data.truth === null
      ? []
      : [
          {
            name: "Labels",
            value: `${data.source} of ${basename(data.dataset.path)}${isInput ? "" : `, ${hash(data.dataset.sha256)}`}`,
          },
        ]),
    { name: "Model", value: modelName(engine) },
    {
      name: "Engine",
      value: [engine.name, version === null ? null : `vLLM ${version}`, summary?.engine.method]
        .filter(Boolean)
        .join(", "),
    },
    { name: "Template", value: `${basename(config.template)}, ${hash(manifest.hashes["template"])}` },
    { name: "Label texts", value: labelTexts(manifest.labels) },
    { name: "Orders", value: config.orders },
    { name: "Calibration", value: config.calibration === null ? "none" : basename(config.calibration) },
    { name: "Clipped to", value: `${clip[0]} to ${clip[1]}, then divided by the sum` },
    { name: "Run by", value: `abtie ${manifest.versions["abtie"] ?? "?"}, begun ${manifest.createdAt}` },
  ];
}

/** Lists the definitions of the numbers. */
export function notesOf(evaluation: SubjectEvaluation | null): readonly string[] {
  if (evaluation === null) return [];
  return [
    "Log loss is the mean of −log p of the truth, in nats, of the probabilities as written; with votes as truth the mean over the votes.",
    "Intervals are 95 %, from the studentised bootstrap over prompts: 10,000 resamples for the probabilities as written, 2,000 for slices and single orders.",
    "The class prior is the share of each class in these rows, given to every row.",
    "ECE is that of the predicted class in 15 bins with equally many rows; below it that of a perfectly calibrated judge with these predictions, which scatter alone causes.",
    "Intervals of reliability diagrams and of the flip rate are Wilson's and take rows as independent.",
    ...(evaluation.powered === null
      ? []
      : [
          "Numbers with all judgements are prediction-powered (PPI++): the mean of the labels, corrected by how far the labelled rows lie from all rows in what the judge expects.",
        ]),
    ...(evaluation.swap === null
      ? []
      : ["Flip rate and position bias are those of the readings before calibration, each order by itself."]),
  ];
}

/** Lists the reasons to doubt the numbers. */
export function warningsOf(
  { config, summary }: LoadedRun,
  rows: readonly ReportRow[],
  { sessions }: Timeline,
): readonly string[] {
  const priors = rows.filter(({ source }) => source === "prior").length;
  const masses = rows.flatMap(({ mass }) => (mass === null ? [] : [mass]));
  const low = masses.filter((mass) => mass < config.mass.minimum).length;
  const middle = { median: median(masses), rows: masses.length };
  return [
    ...(priors > 0
      ? [
          `${formatCount(priors)} of ${plural(rows.length, "row")} ${priors === 1 ? "holds" : "hold"} the fallback, not an answer.`,
        ]
      : []),
    ...(masses.length > 0 && kindOf(middle.median) !== "high" ? [describeLowMass(middle)] : []),
    ...(low > 0
      ? [
          `The label mass of ${plural(low, "row")} is below ${config.mass.minimum}: the template may be wrong for this model.`,
        ]
      : []),
    ...(summary === null ? ["The last session of the run was killed; this is what its folder held then."] : []),
    ...(sessions.length > 1 ? [`The run had ${sessions.length} sessions; the time between them is left out.`] : []),
  ];
}

/** Writes label texts in quotes, because spaces in them matter: `A " A", B " B", tie " tie" or " Tie"`. */
function labelTexts(labels: LoadedRun["manifest"]["labels"]): string {
  if (typeof labels !== "object" || labels === null) return "unknown";
  return Object.entries(labels)
    .map(([name, texts]) => `${name === "tie" ? name : name.toUpperCase()} ${[texts].flat().map(quoted).join(" or ")}`)
    .join(", ");
}

function quoted(text: unknown): string {
  return JSON.stringify(text);
}

function hash(sha256: string | undefined): string {
  return `sha256 ${sha256?.slice(0, 12) ?? "unknown"}`;
}
