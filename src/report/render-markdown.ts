import type { Obtained } from "../types.ts";
import type { Quality, ReportData } from "./data/run-data.ts";
import {
  bold,
  bullets,
  columnsOf,
  eceText,
  estimateText,
  heading,
  Markdown,
  markdownDocument,
  markdownTable,
  plain,
} from "./markdown/markdown.ts";
import { OBTAINED_TEXT } from "./sections/sources.ts";
import { loss, share } from "./sections/table.ts";
import { count, fixed, percent, signed } from "./text/number.ts";
import { swapText } from "./text/sentences.ts";
import { runVerdict } from "./text/verdict.ts";

/** Renders a run as Markdown for a pull request: verdict, warnings, scores, slices, how rows were obtained, what was run. */
export function renderMarkdown(data: ReportData): string {
  return markdownDocument([
    heading(2, `Run ${data.name}`),
    bold(runVerdict(data).sentence),
    bullets(data.warnings),
    ...(data.quality ? qualityBlocks(data.quality) : []),
    ...(data.position ? [heading(3, "The order of the answers"), plain(swapText(data.position))] : []),
    obtainedTable(data),
    heading(3, "What was run"),
    bullets([...data.facts.map(({ name, value }) => `${name}: ${value}`), data.program]),
    ...(data.notes.length > 0 ? [heading(3, "Definitions"), bullets(data.notes)] : []),
  ]);
}

function qualityBlocks({ scores, baselines, slices }: Quality): Markdown[] {
  const columns = columnsOf("Probabilities", ["Rows", "Log loss", "Accuracy", "Brier score", "ECE"]);
  const scored = scores.map(({ name, rows, logLoss, accuracy, brier, ece, eceWhenCalibrated }) => [
    name,
    count(rows),
    ...[
      estimateText(logLoss, loss),
      estimateText(accuracy, share),
      estimateText(brier, loss),
      eceText(ece, eceWhenCalibrated),
    ],
  ]);
  const compared = baselines.map(({ name, logLoss, gain }) => {
    const over = `${name}; gain over it ${estimateText(gain, (value) => signed(value, 3))}`;
    return [over, "", fixed(logLoss, 3), "", "", ""];
  });
  const parts = slices.flatMap((group) =>
    group.slices.map((slice) => [
      `${group.name}: ${slice.name}`,
      count(slice.rows),
      estimateText(slice.logLoss, loss),
      estimateText(slice.accuracy, share),
    ]),
  );
  const sliced = markdownTable(columnsOf("Slice", ["Rows", "Log loss", "Accuracy"]), parts);
  return [
    heading(3, "Scores with 95 % intervals"),
    markdownTable(columns, [...scored, ...compared]),
    ...(parts.length > 0 ? [heading(3, "Slices"), sliced] : []),
  ];
}

function obtainedTable({ rows }: ReportData): Markdown {
  if (rows.length === 0) return plain("");
  const counts = new Map<Obtained, number>();
  for (const { obtained } of rows) counts.set(obtained, (counts.get(obtained) ?? 0) + 1);
  const lines = [...counts].map(([way, many]) => [OBTAINED_TEXT[way], count(many), percent(many / rows.length, 1)]);
  const table = markdownTable(columnsOf("How", ["Rows", "Share"]), lines);
  return new Markdown(`${heading(3, "How rows were obtained").text}\n\n${table.text}`);
}
