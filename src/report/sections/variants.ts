import type { AgreementData, ComparisonData, VariantBase } from "../data/comparison-data.ts";
import { html } from "../markup/html.ts";
import { verdictTable } from "../tables/agreement-tables.ts";
import { hasLabelMass, variantCosts, variantScores } from "../tables/comparison-tables.ts";
import { counted, duration, fixed } from "../text/number.ts";
import { leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";

/** Shows the scores of every variant, and below them its label mass, position bias and cost. */
export function variants(data: ComparisonData): Section {
  const { rows, job, priorLogLoss } = data;
  if (data.variants.length === 0) return leftOut("Variants", "there are none");
  const calibrated = data.variants.some((variant) => variant.calibrated !== null);
  const whose = calibrated ? " Accuracy, Brier score and ECE are of the calibrated probabilities." : "";
  const deadline = job.deadlineMs === null ? "" : ` in ${duration(job.deadlineMs)}`;
  return section(
    "variants",
    "Variants",
    html`<p class="lead">${data.race === null ? "All" : "Those that were not dropped"} on the same ${counted(rows, "row")}. ${figuresText(data.variants)}${whose} The class prior, the share of each class without reading a row, has log loss ${fixed(priorLogLoss, 3)}. The job is ${counted(job.rows, "row")}${deadline}.</p>
${tableMarkup(variantScores(data))}${tableMarkup(variantCosts(data))}`,
  );
}

/** Shows the verdicts of every variant of a comparison without labels, its label mass, position bias and cost. */
export function unlabelledVariants(data: AgreementData): Section {
  const deadline = data.job.deadlineMs === null ? "" : ` in ${duration(data.job.deadlineMs)}`;
  return section(
    "variants",
    "Variants",
    html`<p class="lead">All on the same ${counted(data.rows, "row")}. ${figuresText(data.variants)} The job is ${counted(data.job.rows, "row")}${deadline}.</p>
${tableMarkup(verdictTable(data.variants))}${tableMarkup(variantCosts(data))}`,
  );
}

function figuresText(variants: readonly VariantBase[]): string {
  return `Small figures are 95\u00a0% intervals${hasLabelMass(variants) ? "; p5 is the 5th percentile" : ""}.`;
}
