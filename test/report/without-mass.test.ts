import { expect, test } from "vitest";
import { renderComparisonTable } from "../../src/cli/render/comparison.ts";
import type { Comparison } from "../../src/compare/conclude.ts";
import type { AgreementData, ComparisonData } from "../../src/report/data/comparison-data.ts";
import { renderComparison, renderComparisonMarkdown } from "../../src/report/render-comparison.ts";
import { sampleComparison, sampleUnlabelled } from "./sample-comparison.ts";

type Data = ComparisonData | AgreementData;

/** Takes the label mass from the variants with these positions, as of classifiers. */
function withoutMass<D extends Data>(data: D, which: (at: number) => boolean): D {
  const variants = data.variants.map((variant, at) => (which(at) ? { ...variant, mass: null } : variant));
  return { ...data, warnings: [], variants };
}

/** The page, the Markdown and the terminal. */
function outputs(data: Data): readonly string[] {
  const terminal = renderComparisonTable({ report: data } as Comparison, null);
  return [renderComparison(data), renderComparisonMarkdown(data), terminal];
}

for (const sample of [sampleComparison, sampleUnlabelled]) {
  const { kind } = sample();

  test(`a comparison (${kind}) of judges without a label mass says nothing of it`, () => {
    for (const text of outputs(withoutMass(sample(), () => true))) {
      expect(text).not.toMatch(/label mass/i);
      expect(text).not.toContain("5th percentile");
    }
  });

  test(`a comparison (${kind}) of a classifier with other judges explains the mass, and shows a dash for the classifier`, () => {
    for (const text of outputs(withoutMass(sample(), (at) => at === 0))) expect(text).toMatch(/label mass/i);
    const [page] = outputs(withoutMass(sample(), (at) => at === 0));
    expect(page).toContain("a judge that knows only its classes has none");
  });
}
