import { clearWinner } from "../../classes.ts";
import { rowsBetween } from "../charts/between.ts";
import { densityTriangles } from "../charts/density.ts";
import { massHistogram, massOf } from "../charts/mass.ts";
import { triangle } from "../charts/triangle.ts";
import type { ReportData } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { verdictSentence, verdictSetTable } from "../tables/verdict-set-table.ts";
import { counted, massText, percent } from "../text/number.ts";
import { swapText } from "../text/sentences.ts";
import { classKey, figure, leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";
import { rowTarget, shownWorst } from "./worst.ts";

/**
 * Shows the judgements: the triangle of all rows, the density of rows for each true class, the label mass, and the
 * effect of swapping the answers.
 */
export function judgements(data: ReportData): Section {
  if (data.rows.length === 0) return leftOut("Judgements", "no row has probabilities");
  const marked = shownWorst(data.worst).map(({ scored }, index) => ({ row: scored, target: rowTarget(index) }));
  const known = data.rows.some(({ truth }) => truth !== null);
  const unknown = data.rows.some(({ truth }) => clearWinner(truth) === null);
  const key = known && html`${classKey(data.classes, unknown)}<br>`;
  const rings = marked.length > 0 && " Rings mark the rows listed at the end and lead to their text.";
  return section(
    "judgements",
    "Judgements",
    html`<p>${shares(data)} ${data.position && swapText(data.position)}</p>
<div class="figures">${
      data.classes.length === 2
        ? html`${figure("All rows between A and B", rowsBetween(data.rows, marked), html`${key}Rows by the probability of B${known && ", coloured by their truth"}. The broken line parts the two verdicts.${rings}`)}${massFigure(data)}`
        : html`${figure("All rows between A, B and tie", triangle(data.rows, marked), html`${key}Every row is a point${known && ", coloured by its truth"}. Broken lines part the regions of the three verdicts.${rings}`)}
<div class="stack">${known && figure("The same rows, by truth", densityTriangles(data.rows), "Darker where more rows lie. A good judge fills the corner of the truth.")}${massFigure(data)}</div>`
    }</div>${data.verdicts && html`${tableMarkup(verdictSetTable(data.verdicts))}<p class="after-table">${verdictSentence(data.verdicts)}</p>`}`,
  );
}

function shares({ rows, classes }: ReportData): string {
  const counts = { a: 0, b: 0, tie: 0, none: 0 };
  for (const { probabilities } of rows) counts[clearWinner(probabilities) ?? "none"] += 1;
  const share = (value: number): string => percent(value / rows.length);
  const tie = classes.length === 3 ? `, the tie in ${share(counts.tie)}` : "";
  const none = counts.none > 0 ? `; ${share(counts.none)} have no single most probable verdict` : "";
  return `A is the most probable verdict in ${share(counts.a)} of the rows, B in ${share(counts.b)}${tie}${none}.`;
}

/** The distribution of the label mass; null when no row has one, as with a classifier. */
function massFigure({ rows }: ReportData): Html | null {
  const mass = massOf(rows);
  if (mass === null) return null;
  const low = mass.sorted.filter((value) => value < 0.5).length;
  const share = percent(low / mass.sorted.length, 1);
  const verdict =
    low === 0
      ? "No row is below one half."
      : `${share} of the rows are below one half: there most of the model's probability went to other tokens.`;
  const caption = `How much probability the model put on the labels at all, ${counted(mass.sorted.length, "row")}. Median ${massText(mass.median)}. ${verdict}`;
  return figure("Label mass", massHistogram(mass.sorted, mass.median, mass.p5), caption);
}
