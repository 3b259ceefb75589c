import { readFile } from "node:fs/promises";
import { basename, extname, join, relative, resolve } from "node:path";
import { type ClassMatrix, pickRows, rowAt, setRow } from "../class-matrix.ts";
import { readComparison, writeComparisonReport } from "../compare/comparison-file.ts";
import { judgeFolder } from "../config/judges.ts";
import { refuseOtherEnd } from "../config/output.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { type EscalationCalibration, parseEscalation } from "../escalate/file.ts";
import { evaluateSubject } from "../evaluate/evaluation.ts";
import {
  isLabelled,
  type JoinedRows,
  type JoinOptions,
  joinOptionsOf,
  type LabelOptions,
  openJoined,
  openLabels,
} from "../evaluate/labelled.ts";
import { type Subject, subjectOf } from "../evaluate/subject.ts";
import { summariseVerdicts, verdictRulesOf } from "../evaluate/verdict-summary.ts";
import { writeAtomic } from "../files/atomic.ts";
import { exists } from "../files/exists.ts";
import { sha256 } from "../files/hash.ts";
import { refuseExisting } from "../files/refuse-existing.ts";
import type { NamedFile } from "../files/refuse-overwrite.ts";
import { filesOfRecordedRun, OTHER_PATH } from "../job/job-files.ts";
import { packageVersion } from "../job/package-version.ts";
import { createReportStep } from "../job/report-step.ts";
import { modelName } from "../judge/model-name.ts";
import { labelsFor, leftOutTies } from "../metrics/labels-for.ts";
import { takeWeights } from "../metrics/weights.ts";
import { fewLabelsOf } from "../report/data/few-labels.ts";
import type { ReportData } from "../report/data/run-data.ts";
import { notesOf, runFields, warningsOf } from "../report/from-run/fields.ts";
import { judgesDataOf } from "../report/from-run/judges.ts";
import { qualityOf } from "../report/from-run/quality.ts";
import { readWorst, reportRowsOf } from "../report/from-run/rows.ts";
import { isPage } from "../report/markup/page.ts";
import { renderRun, renderRunMarkdown } from "../report/render-run.ts";
import { namedFilesOf } from "../runfolder/file-names.ts";
import { type LoadedRun, loadRunConfig, loadRunFolder } from "../runfolder/load-run-folder.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import { readTimeline, timingOf } from "../runfolder/timeline/timeline.ts";

export interface ReportOptions extends LabelOptions {
  /** Folder of a run or of a comparison. */
  readonly run: string;
  /** The page to write, .html; left out or null, report.html in the run folder. The Markdown lies beside it. */
  readonly output?: string | null;
  /** Replace files that no report wrote. Default false. */
  readonly force?: boolean;
}

/** The files that were written. */
export interface ReportFiles {
  readonly html: string;
  readonly markdown: string;
}

/**
 * Writes the report of a run, or of a comparison, as one HTML page and as Markdown. Throws AbtieError("data") when the run,
 * or labels that were named, cannot be used, and AbtieError("config") when the page has the name of another kind of file.
 */
export async function reportRun(
  options: ReportOptions,
  effects: Pick<Effects, "cwd" | "signal" | "clock" | "log" | "progress">,
): Promise<ReportFiles> {
  const folder = resolve(effects.cwd, options.run);
  const comparison = await readComparison(folder);
  const usual = join(folder, comparison === null ? "report.html" : "comparison.html");
  const { output = null } = options;
  const html = output === null ? usual : resolve(effects.cwd, output);
  const markdown = `${html.slice(0, html.length - extname(html).length)}.md`;
  const mayReplace = html === usual || (options.force ?? false);
  if (comparison !== null) {
    const variants = comparison.variants.map(({ name }) => filesOfVariant(join(folder, name)));
    await refuseToReplace({ html, markdown }, mayReplace, [
      ...namedFilesOf(folder, ["comparison.html", "comparison.md"]),
      ...(await Promise.all(variants)).flat(),
    ]);
    await writeComparisonReport(comparison, { html, markdown });
    return { html, markdown };
  }
  const run = await loadRunFolder(folder);
  const subject = subjectOf(run);
  const where = joinOptionsOf(subject, options, effects);
  const { calibration } = run.config;
  await refuseToReplace({ html, markdown }, mayReplace, [
    { role: "the file with the labels", path: where.path },
    ...(calibration === null ? [] : [{ role: "the calibration of the run", path: calibration }]),
    ...filesOfRecordedRun(run, ["report.html", "report.md"]),
  ]);
  await using joined = await openData(where, options, effects);
  const data = await gather(run, subject, joined, effects);
  createReportStep(data.rows.length, effects)("drawing the page");
  await writeAtomic(html, renderRun(data));
  await writeAtomic(markdown, renderRunMarkdown(data));
  return { html, markdown };
}

/** Refuses to write the report over a file that it is made from, or that no report wrote. */
async function refuseToReplace(
  { html, markdown }: ReportFiles,
  mayReplace: boolean,
  reads: readonly NamedFile[],
): Promise<void> {
  await refuseOutputs({
    reads,
    writes: [
      { role: "the page (-o)", path: html, remedy: OTHER_PATH },
      { role: "the Markdown beside the page (-o)", path: markdown, remedy: OTHER_PATH },
    ],
  });
  refuseOtherEnd(html, "the page", ["html", "htm"]);
  await refuseExisting(html, { force: mayReplace, isOwn: isPage });
  // The Markdown has no mark of its own: it belongs to the page beside it.
  if (!(await exists(html))) await refuseExisting(markdown, { force: mayReplace });
}

/** The folder of a variant may be gone: the report is made from comparison.json alone. */
async function filesOfVariant(folder: string): Promise<readonly NamedFile[]> {
  const run = await loadRunConfig(folder).catch(() => null);
  return run === null ? namedFilesOf(folder) : filesOfRecordedRun(run);
}

/** Opens labels that were named, else the run's own input as long as it is there and unchanged. */
async function openData(
  where: JoinOptions,
  options: ReportOptions,
  effects: Pick<Effects, "log">,
): Promise<JoinedRows | null> {
  if ((options.labels ?? null) !== null) return openLabels(where);
  try {
    return await openJoined(where);
  } catch (error) {
    if (!(error instanceof AbtieError) || error.code !== "data") throw error;
    effects.log("warn", `the input of the run cannot be used, so the report shows no texts: ${error.message}`);
    return null;
  }
}

async function gather(
  run: LoadedRun,
  subject: Subject,
  joined: JoinedRows | null,
  effects: Pick<Effects, "cwd" | "clock" | "progress" | "signal">,
): Promise<ReportData> {
  const { written } = subject;
  const labelled = joined !== null && isLabelled(joined) ? joined : null;
  const labels = labelled === null ? null : labelsFor(written.classes, labelled.truth);
  const truth =
    labelled === null || labels === null || labels.rows.length === 0
      ? null
      : onAllRows(labels.truth, labelled.judged, subject.ids.length);
  const evaluation = labelled === null || truth === null ? null : await evaluateSubject(subject, labelled, effects);
  const rules = await verdictRulesOf(run.config);
  const powered = evaluation?.powered ?? null;
  const timeline = await readTimeline(run.journalFile);
  const rows = reportRowsOf(run.rows, written, truth);
  const leftOut = evaluation === null && labels !== null ? leftOutTies(labels) : null;
  const doubts = [...(evaluation?.warnings ?? []), ...(leftOut === null ? [] : [leftOut])];
  return {
    name: nameOf(run.folder, effects.cwd),
    program: `abtie ${await packageVersion()}`,
    madeAt: effects.clock.now(),
    facts: runFields(run, joined),
    notes: notesOf(evaluation),
    warnings: [...doubts.map((text) => `${text}.`), ...warningsOf(run, rows, timeline)],
    classes: written.classes,
    rows,
    timing: timingOf(timeline),
    requests: timeline.requests,
    forecasts: timeline.forecasts,
    bands: timeline.bands,
    ...(evaluation === null || labels === null || labelled === null
      ? { quality: null, position: null }
      : qualityOf(evaluation, {
          probabilities: pickRows(pickRows(written, labelled.judged), labels.rows),
          truth: pickRows(labels.truth, labels.rows),
          weights: labelled.weights === null ? null : takeWeights(labelled.weights, labels.rows),
        })),
    verdicts:
      evaluation?.verdicts ??
      (rules === null ? null : summariseVerdicts(rules, run.rows, null, { seed: subject.seed })),
    fewLabels: powered === null ? null : fewLabelsOf(powered),
    judges: judgesDataOf(run, { model: await modelOfSecond(run), fitted: await readCombination(run) }),
    worst: joined === null || !joined.dataset.hasAnswers ? [] : await readWorst(rows, written, truth, joined),
  };
}

/** Names the model of the second of two judges; null without one, and when its folder was removed. */
async function modelOfSecond({ folder, config: { escalation } }: LoadedRun): Promise<string | null> {
  if (escalation === null) return null;
  const second = await loadRunConfig(join(folder, judgeFolder(escalation.names[1]))).catch(() => null);
  return second === null ? null : modelName(second.config.engine);
}

/** Reads the file by which the answers of two judges were combined; null when it is not there any more, or has other content than then. */
async function readCombination({ config, summary }: LoadedRun): Promise<EscalationCalibration | null> {
  const file = config.escalation?.combination ?? null;
  const text = file === null ? null : await readFile(file, "utf8").catch(() => null);
  if (file === null || text === null || sha256(text) !== summary?.second?.combinationSha256) return null;
  return parseEscalation(text, file);
}

/** Gives every row of the run its label; NaN in the rows that a sample does not hold. */
function onAllRows(truth: ClassMatrix, judged: Uint32Array, rows: number): ClassMatrix {
  const { classes } = truth;
  const all = { classes, values: new Float64Array(classes.length * rows).fill(Number.NaN) };
  for (const [index, row] of judged.entries()) setRow(all, row, rowAt(truth, index));
  return all;
}

/** Names a run as a person in this folder would. */
function nameOf(folder: string, cwd: string): string {
  const path = relative(cwd, folder);
  return path === "" || path.startsWith("..") ? basename(folder) : path;
}
