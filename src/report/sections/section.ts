import { CLASS_TEXT } from "../../classes.ts";
import type { Classes } from "../../types.ts";
import { type Hole, type Html, html } from "../markup/html.ts";

/** A section of the page, or the reason why it was left out. */
export type Section =
  | { readonly kind: "shown"; readonly id: string; readonly title: string; readonly body: Html }
  | { readonly kind: "left-out"; readonly title: string; readonly why: string };

/** Makes a section of the page. Links to the section use its fragment `id`. */
export function section(id: string, title: string, body: Html): Section {
  return { kind: "shown", id, title, body };
}

/** Makes a section that is left out; `why` gives the reason in one sentence. */
export function leftOut(title: string, why: string): Section {
  return { kind: "left-out", title, why };
}

/** Places a chart between its heading and a caption that explains the chart. */
export function figure(title: string, chart: Html, caption: Hole): Html {
  return html`<figure><h3>${title}</h3>${chart}${caption !== null && html`<figcaption>${caption}</figcaption>`}</figure>`;
}

/** Draws the key of the class colours. */
export function classKey(classes: Classes, unknown: boolean): Html {
  return html`<span class="key">${classes.map((name) => html`<i class="k-${name}"></i>${CLASS_TEXT[name]}`)}${unknown && html`<i class="k-none"></i>unknown or undecided`}</span>`;
}

/** Builds the markup of a section; returns nothing for a section that is left out. */
export function sectionMarkup(part: Section): Hole {
  return part.kind === "shown" && html`<section id="${part.id}"><h2>${part.title}</h2>${part.body}</section>\n`;
}

/** Builds the list of links to the sections that the page shows. */
export function contents(sections: readonly Section[]): Html {
  const links = sections.flatMap((part) =>
    part.kind === "shown" ? [html`<a href="#${part.id}">${part.title}</a>`] : [],
  );
  return html`<nav class="contents" aria-label="Sections">${links}</nav>`;
}
