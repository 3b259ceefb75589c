import { writeAtomic } from "../../files/atomic.ts";
import { renderComparison } from "../../report/render-comparison.ts";
import { renderComparisonMarkdown } from "../../report/render-comparison-markdown.ts";
import type { Comparison } from "./conclude.ts";
import { detailsOf } from "./details.ts";

/** Writes a comparison as JSON, as one HTML page and as Markdown. Throws AbtieError("data") when a file cannot be written. */
export async function writeComparison(comparison: Comparison): Promise<void> {
  const { files, report } = comparison;
  await writeAtomic(files.json, `${JSON.stringify(detailsOf(comparison), null, 2)}\n`);
  await writeAtomic(files.html, renderComparison(report));
  await writeAtomic(files.markdown, renderComparisonMarkdown(report));
}
