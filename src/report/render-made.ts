import type { Frame } from "./charts/frame.ts";
import { drawTraining, type TrainingCurve, trainingCurve } from "./charts/training-curve.ts";
import { type Html, html, trusted } from "./markup/html.ts";
import { page } from "./markup/page.ts";
import { pictureStyle } from "./markup/style.ts";
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
    `Thin: mean loss of the batches. Thick, with points: log loss of the held-out rows.${curve.prior === null ? "" : " Dashed: log loss of always giving the class shares."}`,
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

const CURVE: Frame = { width: 880, height: 430, left: 64, right: 860, top: 72, bottom: 376 };

/** Renders the curves of a training as one SVG file on a light background. The file loads nothing from other addresses. */
export function renderCurve(curve: TrainingCurve, title: string): string {
  const { width, height } = CURVE;
  const { desc, body } = drawTraining(curve, CURVE);
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
<title id="t">${title}</title><desc id="d">${desc}</desc>
<style>${trusted(pictureStyle())}</style>
<text class="title" x="16" y="30">${title}</text>
${body}
</svg>
`.markup;
}
