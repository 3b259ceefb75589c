import type { AgreementData, ComparisonData } from "./data/comparison-data.ts";
import { html } from "./markup/html.ts";
import { bold, bullets, heading, type Markdown, markdownDocument, markdownTable, plain } from "./markup/markdown.ts";
import { page } from "./markup/page.ts";
import { about, aboutMarkdown } from "./sections/about.ts";
import { agreement, disagreements } from "./sections/agreement.ts";
import { differences } from "./sections/differences.ts";
import { agreementHead, comparisonHead } from "./sections/head.ts";
import { contents, sectionMarkup } from "./sections/section.ts";
import { stopping } from "./sections/stopping.ts";
import { unlabelledVariants, variants } from "./sections/variants.ts";
import { agreementTable, disagreementTable, verdictTable } from "./tables/agreement-tables.ts";
import { pairTable, variantCosts, variantScores } from "./tables/comparison-tables.ts";
import { agreementVerdict } from "./text/agreement-verdict.ts";
import { comparisonVerdict } from "./text/comparison-verdict.ts";

/**
 * Renders a comparison as one HTML page that loads nothing from other addresses: verdict and key metrics, the tables of
 * variants, with labels the pairwise differences and the history of early stopping, the agreement of the variants and
 * the rows on which they disagree most, and the settings. All data is escaped.
 */
export function renderComparison(data: ComparisonData | AgreementData): string {
  const [head, ...sections] =
    data.kind === "scores"
      ? [comparisonHead(data), variants(data), differences(data), stopping(data)]
      : [agreementHead(data), unlabelledVariants(data)];
  const shared = [...sections, agreement(data), disagreements(data)];
  const all = [...shared, about(data, shared)];
  return page(`${data.name}: abtie comparison`, html`${head}${contents(all)}${all.map(sectionMarkup)}`);
}

/**
 * Renders a comparison as Markdown for a pull request: verdict, warnings, variants, with labels one sentence for each
 * pair, the agreement, and the settings. It contains the beginnings of prompts only for rows without labels.
 * `checked` are sentences about conditions that were checked.
 */
export function renderComparisonMarkdown(
  data: ComparisonData | AgreementData,
  checked: readonly string[] = [],
): string {
  const { sentence, also } = data.kind === "scores" ? comparisonVerdict(data) : agreementVerdict(data);
  return markdownDocument([
    heading(2, `Comparison ${data.name}`),
    bold(sentence),
    plain(also.join(" ")),
    bullets(checked),
    bullets(data.warnings),
    ...(data.kind === "scores" ? scoreBlocks(data) : agreementBlocks(data)),
    ...aboutMarkdown(data),
  ]);
}

function scoreBlocks(data: ComparisonData): readonly Markdown[] {
  return [
    markdownTable(variantScores(data)),
    markdownTable(variantCosts(data)),
    bullets(data.pairs.map((pair) => `${pair.sentence}.`)),
    ...(data.pairs.length > 0 ? [markdownTable(pairTable(data.pairs)), markdownTable(agreementTable(data))] : []),
  ];
}

function agreementBlocks(data: AgreementData): readonly Markdown[] {
  return [
    markdownTable(agreementTable(data)),
    markdownTable(verdictTable(data.variants)),
    markdownTable(variantCosts(data)),
    ...data.agreement.filter(({ most }) => most.length > 0).map((pair) => markdownTable(disagreementTable(pair))),
  ];
}
