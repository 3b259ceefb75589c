import { sequenceChart } from "../charts/sequence.ts";
import type { ComparisonData } from "../data/comparison-data.ts";
import { html } from "../markup/html.ts";
import { raceSentences, stoppingSentence } from "../text/comparison-verdict.ts";
import { counted } from "../text/number.ts";
import { figure, leftOut, type Section, section } from "./section.ts";

/** Number of pairs that are drawn. */
const MOST = 6;

/** Shows the interval of each monitored pair at every interim look. */
export function stopping({ stopping: known, race }: ComparisonData): Section {
  if (known === null) return leftOut("Early stopping", "it was not asked for");
  const paths = known.paths.filter(({ looks }) => looks.length > 1);
  const more = paths.length > MOST ? ` ${counted(paths.length - MOST, "further pair")} not drawn.` : "";
  return section(
    "stopping",
    race === null ? "Early stopping" : "The race",
    html`<p>${race === null ? stoppingSentence(known) : raceSentences(race).join(" ")} Each band holds at every look at once, so looking often raises no false alarms; above 0 the second is better.${more}</p>
<div class="figures">${paths.slice(0, MOST).map((path, index) => figure(`${path.first} minus ${path.second}`, sequenceChart(path, `sequence-${index}`), null))}</div>`,
  );
}
