import { costChart } from "../charts/cost.ts";
import { forest } from "../charts/forest.ts";
import type { ComparisonData, Pair } from "../data/comparison-data.ts";
import { type Html, html } from "../markup/html.ts";
import { probability, signed } from "../text/number.ts";
import { figure, leftOut, type Section, shown } from "./section.ts";
import { countCell, estimateCell, numberCell, table } from "./table.ts";

/** Shows each pair: one sentence, the interval of the difference, p values; and cost against quality. */
export function differences({ pairs, variants, noiseFloor, job }: ComparisonData): Section {
  if (pairs.length === 0) return leftOut("Differences", "there is only one variant");
  const limit = job.deadlineMs === null ? null : job.deadlineMs / 1000 / job.rows;
  return shown(
    "differences",
    "Differences",
    html`<ul class="pair-list">${pairs.map((pair) => html`<li>${pair.sentence}.</li>`)}</ul>
<div class="figures">${figure("Difference in log loss, pair by pair", forest(pairs, noiseFloor), forestCaption(noiseFloor))}
${figure("Cost against quality", costChart(variants, limit), "Towards the lower left is better. Lines are 95\u00a0% intervals of each variant alone; because the rows are the same, pairs can differ although these overlap.")}</div>${pairTable(pairs)}`,
  );
}

function forestCaption(noiseFloor: number | null): string {
  const noise = noiseFloor === null || noiseFloor === 0 ? "" : " The pale band is the noise floor.";
  return `Paired on the same rows, with 95\u00a0% intervals. An interval lies on the side of the better variant; one that crosses the broken line shows no difference.${noise}`;
}

function pairTable(pairs: readonly Pair[]): Html {
  const columns = [
    { name: "Pair", numeric: false },
    {
      name: "Difference, nats",
      numeric: true,
      hint: "log loss of the first minus that of the second: above 0 the second is better",
    },
    { name: "p adjusted", numeric: true, hint: "for the number of pairs (Holm)" },
    { name: "Shown", numeric: false, hint: "whether one is shown to be better" },
    { name: "p alone", numeric: true, hint: "not adjusted" },
    { name: "McNemar p", numeric: true, hint: "exact, of the accuracies, adjusted" },
    { name: "Rows", numeric: true },
    { name: "Log loss", numeric: false, hint: "of raw or calibrated probabilities" },
  ];
  return table(
    "Pairs with p values",
    columns,
    pairs.map((pair) => [
      { body: html`${pair.first}<small>minus ${pair.second}</small>`, sort: `${pair.first} ${pair.second}` },
      estimateCell(pair.difference, (value) => signed(value, 3)),
      numberCell(pair.adjustedP, probability),
      { body: pair.better === null ? "no" : "yes" },
      numberCell(pair.p, probability),
      numberCell(pair.mcnemarP, probability),
      countCell(pair.rows),
      { body: pair.measure },
    ]),
  );
}
