import { costChart } from "../charts/cost.ts";
import { forest } from "../charts/forest.ts";
import type { ComparisonData } from "../data/comparison-data.ts";
import { html } from "../markup/html.ts";
import { pairTable } from "../tables/comparison-tables.ts";
import { typesetSentence } from "../text/number.ts";
import { figure, leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";

/**
 * Shows each pair with one sentence, the interval of the difference and p values, and a chart of cost against quality.
 */
export function differences({ pairs, variants, noiseFloor, job }: ComparisonData): Section {
  if (pairs.length === 0) return leftOut("Differences", "there is only one variant");
  const limit = job.deadlineMs === null ? null : job.deadlineMs / 1000 / job.rows;
  return section(
    "differences",
    "Differences",
    html`<ul class="pair-list">${pairs.map((pair) => html`<li>${typesetSentence(pair.sentence)}.</li>`)}</ul>
<div class="figures">${figure("Difference in log loss, pair by pair", forest(pairs, noiseFloor), forestCaption(noiseFloor))}
${figure("Cost against quality", costChart(variants, limit), "Towards the lower left is better. Lines are 95\u00a0% intervals of each variant alone; because the rows are the same, pairs can differ although these overlap.")}</div>${tableMarkup(pairTable(pairs))}`,
  );
}

function forestCaption(noiseFloor: number | null): string {
  const noise = noiseFloor === null || noiseFloor === 0 ? "" : " The pale band is the noise floor.";
  return `Paired on the same rows, with 95\u00a0% intervals. An interval lies on the side of the better variant; one that crosses the broken line shows no difference.${noise}`;
}
