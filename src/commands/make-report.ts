import { join } from "node:path";
import { stringify } from "yaml";
import type { ChainResult } from "../chain/run-chain.ts";
import type { StageName } from "../chain/stage.ts";
import type { Effects } from "../effects.ts";
import { writeAtomic } from "../files/atomic.ts";
import { exists } from "../files/exists.ts";
import { readLines } from "../files/json-lines.ts";
import { isRecord } from "../files/json-shape.ts";
import { formatCount, formatDuration, formatFixed, formatPercent, formatSignificant, plural } from "../format.ts";
import type { CurvePoint, TrainingCurve } from "../report/charts/training-curve.ts";
import { renderCurve, renderMade } from "../report/render-made.ts";
import { readTrainingEvent } from "../training/progress.ts";
import type { ProofStep, ProofVerdict } from "../training/proof.ts";
import type { JudgeRecipe } from "../training/recipe.ts";

/** Writes the page about a chain, and the curves of the training as a picture; returns the path of the page. */
export async function writeMakeReport(
  recipe: JudgeRecipe,
  { folder, stages }: ChainResult,
  proof: readonly ProofStep[],
  { redactor }: Pick<Effects, "redactor">,
): Promise<string> {
  const train = stages.find(({ name }) => name === "train");
  const curve = train === undefined ? null : await readCurve(join(train.path, "curve.jsonl"));
  const path = join(folder, "report.html");
  const { job: _job, file: _file, name, ...settings } = recipe;
  const text = renderMade({
    name,
    summary: proof.map((step) => `${capital(describeProof(step))}.`),
    stages: [
      ["stage", "folder", "time", "result"],
      ...stages.map((stage) => [
        stage.name,
        stage.path.slice(folder.length + 1),
        formatDuration(1000 * stage.seconds),
        describeFacts(stage.name, stage.facts),
      ]),
    ],
    curve,
    proof: proof.length === 0 ? null : proofTable(proof),
    recipe: stringify(settings),
  });
  await writeAtomic(path, redactor.redact(text));
  if (curve !== null) await writeAtomic(join(folder, "curve.svg"), renderCurve(curve, `${name}: loss against steps`));
  return path;
}

/** Reads the curve that a training has written. */
async function readCurve(path: string): Promise<TrainingCurve | null> {
  if (!(await exists(path))) return null;
  const loss: CurvePoint[] = [];
  const heldOut: CurvePoint[] = [];
  let prior: number | null = null;
  for await (const { text } of readLines(path)) {
    const event = readTrainingEvent(text);
    if (event === null) continue;
    if ("progress" in event) loss.push({ step: event.progress.step, value: event.progress.loss });
    if ("held_out" in event) {
      heldOut.push({ step: event.held_out.step, value: event.held_out.log_loss });
      prior = event.held_out.prior_log_loss;
    }
  }
  return { loss, heldOut, prior };
}

type Facts = Readonly<Record<string, unknown>>;

const FACTS: Readonly<Record<StageName, (facts: Facts) => string>> = {
  prepare: ({ examples, rows, heldOutRows }) =>
    `${formatCount(Number(examples))} examples of ${plural(Number(rows), "row")}, ${formatCount(Number(heldOutRows))} held out`,
  train: ({ steps, of }) => `step ${formatCount(Number(steps))} of ${formatCount(Number(of))}`,
  merge: ({ parameters, largestDifference }) =>
    `${formatCount(Number(parameters))} parameters, logits differ by at most ${Number(largestDifference).toExponential(1)}`,
  quantize: ({ bytes }) => (typeof bytes === "number" ? `${formatFixed(bytes / 1e9, 2)} GB` : "quantised"),
  prove: ({ comparisons, served }) => describeServed(Array.isArray(comparisons) ? comparisons.length : 0, served),
};

function describeServed(comparisons: number, served: unknown): string {
  const largest = isRecord(served) ? Number(served["largest"]) : null;
  const text =
    largest === null
      ? ""
      : `; the merged model, served, differs from the training by at most ${formatSignificant(largest)}`;
  return `${plural(comparisons, "comparison")}${text}`;
}

/** Says in a few words what a stage has made. */
export function describeFacts(name: StageName, facts: Facts): string {
  return FACTS[name](facts);
}

const VERDICTS = {
  pass: "pass",
  unclear: "within the limit, but the interval reaches beyond it: judge more rows (prove.rows)",
  lost: "more was lost than the recipe allows",
} as const satisfies Record<ProofVerdict, string>;

/** Says in one sentence what a model has lost against the one that it was made of. */
export function describeProof({
  before,
  after,
  rows,
  logLoss,
  lost,
  interval,
  flips,
  largestChange,
  verdict,
}: ProofStep): string {
  const range =
    interval === null ? "" : `, 95 % interval ${formatFixed(interval.low, 4)} to ${formatFixed(interval.high, 4)}`;
  const prior = `(class shares ${formatFixed(logLoss.prior, 4)}${logLoss.after < logLoss.prior ? "" : ", which it does not beat"})`;
  return (
    `${after} against ${before} on ${plural(rows, "row")}: log loss ${formatFixed(logLoss.before, 4)} -> ${formatFixed(logLoss.after, 4)} ${prior}, ` +
    `lost ${formatFixed(lost, 4)}${range}; ${plural(flips, "verdict")} changed (${formatPercent(flips / rows)}), largest change of a row ${formatFixed(largestChange, 4)}: ${VERDICTS[verdict]}`
  );
}

function proofTable(proof: readonly ProofStep[]): readonly (readonly string[])[] {
  return [
    [
      "after",
      "before",
      "rows",
      "log loss before",
      "log loss after",
      "of the class shares",
      "lost (95 %)",
      "verdicts changed",
      "largest change",
      "verdict",
    ],
    ...proof.map((step) => [
      step.after,
      step.before,
      formatCount(step.rows),
      formatFixed(step.logLoss.before, 4),
      formatFixed(step.logLoss.after, 4),
      formatFixed(step.logLoss.prior, 4),
      `${formatFixed(step.lost, 4)}${step.interval === null ? "" : ` (${formatFixed(step.interval.low, 4)} to ${formatFixed(step.interval.high, 4)})`}`,
      formatCount(step.flips),
      formatFixed(step.largestChange, 4),
      VERDICTS[step.verdict],
    ]),
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
