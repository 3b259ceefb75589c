import { CLASS_TEXT, classesOf } from "../../classes.ts";
import { CLASSES, type PerClass } from "../../types.ts";
import { stackedBar } from "../charts/stacked.ts";
import type { ComparisonBase, Disagreement, PairAgreement } from "../data/comparison-data.ts";
import { type Html, html } from "../markup/html.ts";
import { short } from "../markup/visible.ts";
import { agreementTable, crossTable, differingRows } from "../tables/agreement-tables.ts";
import { agreementSentence } from "../text/agreement-verdict.ts";
import { percent } from "../text/number.ts";
import { classKey, leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";

/** Number of pairs whose rows are shown. */
const MOST = 6;

/** Shows how far the variants agree: one sentence for each pair, kappa, and the verdicts of both. */
export function agreement(data: Pick<ComparisonBase, "agreement" | "rows">): Section {
  if (data.agreement.length === 0) return leftOut("Agreement", "there is only one variant");
  return section(
    "agreement",
    "Agreement",
    html`<ul class="pair-list">${data.agreement.map((pair) => html`<li>${agreementSentence(pair)}. The verdicts differ on ${differingRows(pair)}.</li>`)}</ul>
${tableMarkup(agreementTable(data))}
<div class="figures">${data.agreement.slice(0, MOST).map((pair) => tableMarkup(crossTable(pair)))}</div>`,
  );
}

/** Shows the rows on which each pair disagrees most, with the probabilities of both and the beginning of the texts. */
export function disagreements({ agreement: pairs }: Pick<ComparisonBase, "agreement">): Section {
  const shown = pairs.filter(({ most }) => most.length > 0).slice(0, MOST);
  if (shown.length === 0) return leftOut("Rows with the largest differences", "all probabilities are the same");
  return section(
    "disagreements",
    "Rows with the largest differences",
    html`<p class="lead">Texts are shown up to 700 characters; characters that hide or reorder text appear as their code, such as ‹U+202E›. ${classKey(classesOf(shown[0]?.verdicts.length !== 2), false)}</p>
${shown.map((pair) => html`<h3>${pair.first} and ${pair.second}</h3><ol class="worst">${pair.most.map((row) => item(row, pair))}</ol>`)}`,
  );
}

function item(row: Disagreement, { first, second }: PairAgreement): Html {
  return html`<li><div class="row-head"><div><h3>Row ${short(row.id, 80)}</h3><p>distance ${percent(row.distance)}</p></div>
<div>${judged(first, row.first)}${judged(second, row.second)}</div></div>
<div class="texts"><div class="asked"><h4>Prompt</h4>${text(row.prompt)}</div><div><h4>Answer A</h4>${text(row.responseA)}</div><div><h4>Answer B</h4>${text(row.responseB)}</div></div></li>`;
}

function judged(name: string, probabilities: PerClass): Html {
  const parts = CLASSES.slice(0, probabilities.length).map((label, index) => ({
    value: probabilities[index] ?? 0,
    text: `${CLASS_TEXT[label]} ${percent(probabilities[index] ?? null)}`,
    colour: `s-${label}`,
  }));
  return html`<p class="odds"><span>${short(name, 30)}</span>${parts.map((part) => html`<span>${part.text}</span>`)}</p>${stackedBar("bar3", parts)}`;
}

function text(content: string): Html {
  return content.trim() === ""
    ? html`<p class="none">no text</p>`
    : html`<div class="text" dir="auto">${content}</div>`;
}
