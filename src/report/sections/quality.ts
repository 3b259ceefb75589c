import { reliability } from "../charts/reliability.ts";
import type { Baseline, Quality, Reliability, ReportData, Scores } from "../data.ts";
import { type Html, html } from "../html.ts";
import { fixed, range, signed } from "../number.ts";
import { countCell, eceCell, estimateCell, loss, numberCell, share } from "./cells.ts";
import { confusion } from "./confusion.ts";
import { figure, leftOut, type Section, shown } from "./section.ts";
import { type Cell, table } from "./table.ts";

/** Shows how good the probabilities are against labels: scores, reliability, confusion. */
export function quality({ quality: known }: ReportData): Section {
  if (known === null) return leftOut("Quality, reliability and confusion", "the rows have no labels");
  const diagrams = known.reliability.filter(({ bins }) => bins.length > 0).map(diagram);
  return shown(
    "quality",
    "Quality",
    html`${scoreTable(known)}
<div class="figures">${diagrams}<div>${confusion(known.confusion)}</div></div>`,
  );
}

function diagram(series: Reliability, index: number): Html {
  const error = series.ece === null ? "" : `Expected calibration error ${fixed(series.ece, 3)}. `;
  const caption = `${error}Points on the broken line are exactly right, points below it are too sure. Upright lines are 95\u00a0% intervals, pale bars the rows per bin.`;
  return figure(`Reliability: ${series.name}`, reliability(series, `reliability-${index}`), caption);
}

function scoreTable({ scores, baselines }: Quality): Html {
  const columns = [
    { name: "Probabilities", numeric: false },
    { name: "Rows", numeric: true },
    { name: "Log loss", numeric: true, hint: "nats, lower is better" },
    { name: "Accuracy", numeric: true },
    { name: "Brier score", numeric: true, hint: "sum over the three classes, lower is better" },
    { name: "ECE", numeric: true, hint: "expected calibration error, lower is better" },
  ];
  return table("Scores with 95 % intervals", columns, [...scores.map(scoreRow), ...baselines.map(baselineRow)]);
}

function scoreRow(scores: Scores): Cell[] {
  return [
    { body: scores.name },
    countCell(scores.rows),
    estimateCell(scores.logLoss, loss),
    estimateCell(scores.accuracy, share),
    estimateCell(scores.brier, loss),
    eceCell(scores),
  ];
}

function baselineRow({ name, logLoss, gain }: Baseline): Cell[] {
  const none: Cell = { body: "" };
  const ends = range(gain, (value) => signed(value, 3));
  const behind = html`for comparison; gain over it ${signed(gain.value, 3)}${ends && ` (${ends})`}`;
  const value = numberCell(logLoss, (nats) => fixed(nats, 3));
  return [{ body: html`${name}<small>${behind}</small>` }, none, value, none, none, none];
}
