import { type TrainingCurve, trainingCurve } from "./charts/training-curve.ts";
import { type Html, html } from "./markup/html.ts";
import { page } from "./markup/page.ts";
import { figure } from "./sections/section.ts";

/** A table of texts: the first row is its head. */
export type PlainTable = readonly (readonly string[])[];

/** What the page of a made judge shows. */
export interface MadeData {
  readonly name: string;
  /** Sentences at the head of the page. */
  readonly summary: readonly string[];
  readonly stages: PlainTable;
  /** Null before anything was trained. */
  readonly curve: TrainingCurve | null;
  /** Null without a proof. */
  readonly proof: PlainTable | null;
  /** The recipe as YAML, with every default. */
  readonly recipe: string;
}

/** Renders the page about a chain: stages, curves, proof and recipe. */
export function renderMade({ name, summary, stages, curve, proof, recipe }: MadeData): string {
  return page(
    `The judge ${name}`,
    html`<h1>The judge ${name}</h1>
${summary.map((text) => html`<p>${text}</p>`)}
<section id="stages"><h2>Stages</h2>${tableOf(stages)}</section>
${
  curve !== null &&
  html`<section id="training-curves"><h2>Training</h2>${figure(
    "Loss against steps",
    trainingCurve(curve),
    "Thin: mean loss of the batches. Thick, with points: log loss of the held-out rows. Dashed: log loss of always giving the class shares.",
  )}</section>`
}
${proof !== null && html`<section id="proof"><h2>Proof on held-out rows</h2>${tableOf(proof)}</section>`}
<section id="recipe"><h2>Recipe</h2><pre>${recipe}</pre></section>`,
  );
}

function tableOf([head = [], ...rows]: PlainTable): Html {
  return html`<table><thead><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table>`;
}
