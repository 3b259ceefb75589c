import { CLASSES, type Triple } from "../../types.ts";
import { reliability } from "../charts/reliability.ts";
import type { Baseline, Quality, Reliability, ReportData, Scores } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { count, fixed, percent, range, signed } from "../text/number.ts";
import { CLASS_TEXT } from "../text/sentences.ts";
import { figure, leftOut, type Section, shown } from "./section.ts";
import { type Cell, countCell, eceCell, estimateCell, loss, numberCell, share, table } from "./table.ts";

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

/** Builds the table of truth against prediction; a cell is darker the larger its share of its truth is. */
export function confusion(matrix: Quality["confusion"]): Html {
  const total = sum(matrix.map(sum));
  const right = (matrix[0][0] + matrix[1][1] + matrix[2][2]) / total;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion"><table class="confusion"><caption>Confusion: truth against verdict</caption>
<thead><tr><th scope="col" class="t">Truth</th>${CLASSES.map((name) => html`<th scope="col" class="n">said ${CLASS_TEXT[name]}</th>`)}<th scope="col" class="n">rows</th></tr></thead>
<tbody>${matrix.map((weights, index) => line(CLASS_TEXT[CLASSES[index] ?? "tie"], weights))}</tbody></table></div>
<p class="after-table">Percentages are shares of each truth. ${percent(right, 1)} of all weight lies on the diagonal.</p>`;
}

function line(name: string, weights: Triple): Html {
  const whole = sum(weights);
  return html`<tr><th scope="row" class="t">${name}</th>${weights.map((weight) => html`<td class="h${level(weight / whole)}">${percent(weight / whole)}<small>${weightText(weight)}</small></td>`)}<td>${weightText(whole)}</td></tr>`;
}

function level(share: number): number {
  return Number.isFinite(share) ? Math.min(10, Math.max(0, Math.round(10 * share))) : 0;
}

/** Votes make weights that are no whole numbers. */
function weightText(weight: number): string {
  return Math.abs(weight - Math.round(weight)) < 1e-6 ? count(weight) : fixed(weight, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
