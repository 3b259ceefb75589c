import type { Field } from "../data/run-data.ts";
import { html } from "../markup/html.ts";
import { bullets, heading, type Markdown } from "../markup/markdown.ts";
import { type Section, section } from "./section.ts";

interface About {
  /** Program and version. */
  readonly program: string;
  readonly facts: readonly Field[];
  readonly notes: readonly string[];
}

/** Shows the settings, the definitions of the numbers, and the sections that were left out, each with its reason. */
export function about({ facts, notes }: About, sections: readonly Section[]): Section {
  const missing = sections.flatMap((section) => (section.kind === "left-out" ? [section] : []));
  return section(
    "about",
    "What was run, and how it was measured",
    html`
${facts.length > 0 && html`<dl class="fields">${facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`}
${notes.length > 0 && html`<h3>Definitions</h3><ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${missing.length > 0 && html`<h3>Left out</h3><ul class="notes">${missing.map(({ title, why }) => html`<li>${title}: ${why}.</li>`)}</ul>`}`,
  );
}

/** Writes the settings and the definitions in Markdown, without the sections that were left out. */
export function aboutMarkdown({ program, facts, notes }: About): readonly Markdown[] {
  return [
    heading(3, "What was run"),
    bullets([...facts.map(({ name, value }) => `${name}: ${value}`), program]),
    ...(notes.length > 0 ? [heading(3, "Definitions"), bullets(notes)] : []),
  ];
}
