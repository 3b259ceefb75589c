import { writeAtomic } from "../files/atomic.ts";
import type { ComparisonData } from "../report/data/comparison-data.ts";
import { renderComparison, renderComparisonMarkdown } from "../report/render-comparison.ts";
import type { Comparison } from "./conclude.ts";
import { detailsOf } from "./details.ts";

/** Writes the report of a comparison, as HTML and as Markdown. Throws AbtieError("data") when a file cannot be written. */
export async function writeComparisonReport(
  report: ComparisonData,
  files: { readonly html: string; readonly markdown: string },
): Promise<void> {
  await writeAtomic(files.html, renderComparison(report));
  await writeAtomic(files.markdown, renderComparisonMarkdown(report));
}

/** Writes a comparison as JSON, as one HTML page and as Markdown. Throws AbtieError("data") when a file cannot be written. */
export async function writeComparison(comparison: Comparison): Promise<void> {
  const { files, report } = comparison;
  await writeAtomic(files.json, `${JSON.stringify(detailsOf(comparison), null, 2)}\n`);
  await writeComparisonReport(report, files);
}
