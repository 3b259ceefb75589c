import { CLASS_TEXT } from "../../classes.ts";
import { sum } from "../../numbers/sums.ts";
import { CLASSES, type PerClass } from "../../types.ts";
import { reliability } from "../charts/reliability.ts";
import type { FewLabelsData, Quality, Reliability, ReportData } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { fewLabelsSentences, fewLabelsTable } from "../tables/few-labels-table.ts";
import { scoreTable } from "../tables/run-tables.ts";
import { count, fixed, percent } from "../text/number.ts";
import { figure, leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";

/** Shows how well the probabilities agree with the labels: scores, reliability diagrams, confusion table. */
export function quality({ quality: known, fewLabels }: ReportData): Section {
  if (known === null) return leftOut("Quality, reliability and confusion", "the rows have no labels");
  const diagrams = known.reliability.filter(({ bins }) => bins.length > 0).map(diagram);
  return section(
    "quality",
    "Quality",
    html`${tableMarkup(scoreTable(known.scores, known.baselines))}${fewLabels && fewLabelsMarkup(fewLabels)}
<div class="figures">${diagrams}<div>${confusion(known.confusion)}</div></div>`,
  );
}

function fewLabelsMarkup(data: FewLabelsData): Html {
  return html`
${tableMarkup(fewLabelsTable(data))}<p class="after-table">${fewLabelsSentences(data).join(" ")}</p>`;
}

function diagram(series: Reliability, index: number): Html {
  const error = series.ece === null ? "" : `Expected calibration error ${fixed(series.ece, 3)}. `;
  const caption = `${error}Points on the broken line are exactly right, points below it are overconfident. Upright lines are 95\u00a0% intervals, pale bars the rows per bin.`;
  return figure(`Reliability: ${series.name}`, reliability(series, `reliability-${index}`), caption);
}

/**
 * Builds the table of true class against verdict. A cell is darker the larger its share of the rows of its true class
 * is.
 */
function confusion(matrix: Quality["confusion"]): Html {
  const right = sum(matrix.map((weights, index) => weights[index] ?? 0)) / sum(matrix.map(sum));
  const classes = CLASSES.slice(0, matrix.length);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion"><table class="confusion"><caption>Confusion: truth against verdict</caption>
<thead><tr><th scope="col" class="t">Truth</th>${classes.map((name) => html`<th scope="col" class="n">verdict ${CLASS_TEXT[name]}</th>`)}<th scope="col" class="n">rows</th></tr></thead>
<tbody>${matrix.map((weights, index) => confusionRow(CLASS_TEXT[classes[index] ?? "tie"], weights))}</tbody></table></div>
<p class="after-table">Percentages are shares of each truth. ${percent(right, 1)} of all weight lies on the diagonal.</p>`;
}

function confusionRow(name: string, weights: PerClass): Html {
  const whole = sum(weights);
  return html`<tr><th scope="row" class="t">${name}</th>${weights.map((weight) => html`<td class="h${level(weight / whole)}">${percent(weight / whole)}<small>${weightText(weight)}</small></td>`)}<td>${weightText(whole)}</td></tr>`;
}

function level(share: number): number {
  return Number.isFinite(share) ? Math.min(10, Math.max(0, Math.round(10 * share))) : 0;
}

/** When the truth comes from votes, the sum of weights need not be a whole number. */
function weightText(weight: number): string {
  return Math.abs(weight - Math.round(weight)) < 1e-6 ? count(weight) : fixed(weight, 1);
}
