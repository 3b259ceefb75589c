import type { ComparisonData } from "./data/comparison-data.ts";
import { html } from "./markup/html.ts";
import { bold, bullets, heading, markdownDocument, markdownTable, plain } from "./markup/markdown.ts";
import { page } from "./markup/page.ts";
import { about, aboutMarkdown } from "./sections/about.ts";
import { differences } from "./sections/differences.ts";
import { comparisonHead } from "./sections/head.ts";
import { contents, sectionMarkup } from "./sections/section.ts";
import { stopping } from "./sections/stopping.ts";
import { variants } from "./sections/variants.ts";
import { pairTable, variantCosts, variantScores } from "./tables/comparison-tables.ts";
import { comparisonVerdict } from "./text/comparison-verdict.ts";

/**
 * Renders a comparison as one HTML page that loads nothing from other addresses: verdict and key metrics, the tables of
 * variants, the pairwise differences, the history of early stopping, and the settings. All data is escaped.
 */
export function renderComparison(data: ComparisonData): string {
  const sections = [variants(data), differences(data), stopping(data)];
  const all = [...sections, about(data, sections)];
  return page(`${data.name}: abtie comparison`, html`${comparisonHead(data)}${contents(all)}${all.map(sectionMarkup)}`);
}

/**
 * Renders a comparison as Markdown for a pull request: verdict, warnings, variants, one sentence for each pair, and the
 * settings.
 */
export function renderComparisonMarkdown(data: ComparisonData): string {
  const { sentence, also } = comparisonVerdict(data);
  return markdownDocument([
    heading(2, `Comparison ${data.name}`),
    bold(sentence),
    plain(also.join(" ")),
    bullets(data.warnings),
    markdownTable(variantScores(data)),
    markdownTable(variantCosts(data)),
    bullets(data.pairs.map((pair) => `${pair.sentence}.`)),
    ...(data.pairs.length > 0 ? [markdownTable(pairTable(data.pairs))] : []),
    ...aboutMarkdown(data),
  ]);
}
