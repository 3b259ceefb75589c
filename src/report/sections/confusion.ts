import { CLASSES, type Triple } from "../../types.ts";
import { CLASS_TEXT } from "../classes.ts";
import type { Quality } from "../data.ts";
import { type Html, html } from "../html.ts";
import { count, fixed, percent } from "../number.ts";

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
