import { clearWinner } from "../../classes.ts";
import type { ReportRow } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { short } from "../markup/visible.ts";
import { counted, percent } from "../text/number.ts";
import { dots } from "./dots.ts";
import { picture, px } from "./frame.ts";
import { emptyTriangle, place, placeable, type Ternary } from "./ternary.ts";

/** A row that is marked with a ring; the ring is a link to the row's text. */
export interface Marked {
  readonly row: ReportRow;
  /** The fragment to which the ring links. */
  readonly target: string;
}

const AREA: Ternary = { left: 30, bottom: 288, side: 300 };

/**
 * Draws every row as a point between A, B and tie, in the colour of its true class. Leaves out rows without valid
 * probabilities.
 */
export function triangle(rows: readonly ReportRow[], marked: readonly Marked[]): Html {
  const points = rows.flatMap(({ probabilities, truth }) =>
    placeable(probabilities) ? [{ ...place(AREA, probabilities), colour: `p-${clearWinner(truth) ?? "none"}` }] : [],
  );
  const desc = `${counted(points.length, "row")}, each a point: the nearer to a corner, the more probable that verdict. The broken lines part the regions where A, B or the tie is most probable.`;
  return picture(
    { id: "triangle", title: "Probabilities of all rows", desc, links: true },
    { width: 360, height: 330 },
    [emptyTriangle(AREA), corners(), dots(points), html`<g class="rings">${marked.map(ring)}</g>`],
  );
}

function corners(): Html {
  const { left, bottom, side } = AREA;
  const top = place(AREA, [0, 0, 1]);
  return html`<g class="corner"><text x="${left}" y="${bottom + 22}" text-anchor="start">A better</text><text x="${left + side}" y="${bottom + 22}" text-anchor="end">B better</text><text x="${px(top.x)}" y="${px(top.y - 10)}" text-anchor="middle">Tie</text></g>`;
}

function ring({ row: { id, probabilities }, target }: Marked): Html | false {
  if (!placeable(probabilities)) return false;
  const { x, y } = place(AREA, probabilities);
  const [a, b, tie] = probabilities;
  return html`<a href="#${target}"><title>${short(id, 40)}: A ${percent(a)}, B ${percent(b)}, tie ${percent(tie)}</title><circle cx="${px(x)}" cy="${px(y)}" r="4.5"/></a>`;
}
