import type { ComparisonData } from "./data/comparison-data.ts";
import { type Html, html } from "./markup/html.ts";
import { page } from "./markup/page.ts";
import { about } from "./sections/about.ts";
import { comparisonFigures } from "./sections/comparison-figures.ts";
import { differences } from "./sections/differences.ts";
import { keyFigures, pageHead, verdictMarkup, warnings } from "./sections/head.ts";
import { contents, sectionMarkup } from "./sections/section.ts";
import { stopping } from "./sections/stopping.ts";
import { variantTable } from "./sections/variants.ts";
import { comparisonVerdict } from "./text/comparison-verdict.ts";

/**
 * Renders a comparison as one HTML page that needs nothing from outside: verdict and key figures, the table of variants, the
 * pairwise differences, how early stopping went, and what was run. Data is escaped, whatever it holds.
 */
export function renderComparison(data: ComparisonData): string {
  const sections = [variantTable(data), differences(data), stopping(data)];
  const all = [...sections, about(data.facts, data.notes, sections)];
  return page(`${data.name}: abtie comparison`, html`${top(data)}${contents(all)}${all.map(sectionMarkup)}`);
}

function top(data: ComparisonData): Html {
  return html`${pageHead("Comparison", data)}${verdictMarkup(comparisonVerdict(data))}${keyFigures(comparisonFigures(data))}${warnings(data.warnings)}`;
}
