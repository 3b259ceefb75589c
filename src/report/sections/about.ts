import type { Fact } from "../data/run-data.ts";
import { html } from "../markup/html.ts";
import { type Section, shown } from "./section.ts";

/** Shows what was run, how the numbers are defined, and which sections were left out and why. */
export function about(facts: readonly Fact[], notes: readonly string[], sections: readonly Section[]): Section {
  const missing = sections.flatMap((section) => (section.kind === "left-out" ? [section] : []));
  return shown(
    "about",
    "What was run, and how it was measured",
    html`
${facts.length > 0 && html`<dl class="facts">${facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`}
${notes.length > 0 && html`<h3>Definitions</h3><ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${missing.length > 0 && html`<h3>Left out</h3><ul class="notes">${missing.map(({ title, why }) => html`<li>${title}: ${why}.</li>`)}</ul>`}`,
  );
}
