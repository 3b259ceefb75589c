import { CLASS_TEXT, clearWinner } from "../../classes.ts";
import { CLASSES, type ClassName } from "../../types.ts";
import type { ReportRow } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { counted, percent } from "../text/number.ts";
import { picture } from "./frame.ts";
import { emptyTriangle, placeable, type Ternary, type Triple, trianglePath } from "./ternary.ts";

/**
 * Number of parts into which each side is divided. The large triangle then consists of DIVISIONS x DIVISIONS small
 * triangles.
 */
const DIVISIONS = 16;
const LEVELS = 8;

/**
 * Draws the density of rows, one chart for each true class: a small triangle is darker the more rows lie in it. Single
 * points would hide this, because they cover each other.
 */
export function densityTriangles(rows: readonly ReportRow[]): Html {
  const byTruth = CLASSES.map((truth) =>
    rows.filter((row) => placeable(row.probabilities) && clearWinner(row.truth) === truth),
  );
  const desc = `Where rows of each true class lie. ${CLASSES.map((truth, index) => `Truth ${CLASS_TEXT[truth]}: ${counted(byTruth[index]?.length ?? 0, "row")}, ${hit(byTruth[index] ?? [], truth)} judged right.`).join(" ")}`;
  return picture(
    { id: "density", title: "Density by truth", desc },
    { width: 360, height: 156 },
    byTruth.map((members, index) => densityTriangle(members, CLASSES[index] as ClassName, index)),
  );
}

function densityTriangle(rows: readonly ReportRow[], truth: ClassName, position: number): Html {
  const area: Ternary = { left: 4 + position * 124, bottom: 100, side: 104 };
  const centre = area.left + area.side / 2;
  return html`<g>${emptyTriangle(area)}${shades(rows, area).map(({ path, level }) => html`<path class="s-${truth}" fill-opacity="${(level / LEVELS).toFixed(2)}" d="${path}"/>`)}
<text class="name" x="${centre}" y="120" text-anchor="middle">Truth: ${CLASS_TEXT[truth]}</text>
<text class="num" x="${centre}" y="135" text-anchor="middle">${counted(rows.length, "row")}</text>
<text class="num" x="${centre}" y="149" text-anchor="middle">${hit(rows, truth)} right</text></g>`;
}

/** Counts the rows in each small triangle, and joins all triangles of one shade into one path. */
function shades(rows: readonly ReportRow[], area: Ternary): { path: string; level: number }[] {
  const cells = new Map<string, { readonly corners: readonly [Triple, Triple, Triple]; rows: number }>();
  for (const { probabilities } of rows) {
    if (!placeable(probabilities)) continue;
    const corners = cell(probabilities);
    const key = String(corners);
    const entry = cells.get(key) ?? { corners, rows: 0 };
    entry.rows += 1;
    cells.set(key, entry);
  }
  const most = Math.max(1, ...[...cells.values()].map((entry) => entry.rows));
  const paths = new Map<number, string>();
  for (const entry of cells.values()) {
    // The square root keeps small triangles with few rows visible beside those with many.
    const level = Math.max(1, Math.round(LEVELS * Math.sqrt(entry.rows / most)));
    paths.set(level, (paths.get(level) ?? "") + trianglePath(area, entry.corners));
  }
  return [...paths].map(([level, path]) => ({ path, level }));
}

/**
 * Finds the small triangle that contains a triple. Let `sum` be the sum of the three parts after each is rounded down
 * to whole divisions: the small triangle is upright when `sum` is DIVISIONS - 1, and upside down when it is DIVISIONS -
 * 2.
 */
function cell(triple: Triple): readonly [Triple, Triple, Triple] {
  const a = Math.min(DIVISIONS - 1, Math.floor(triple[0] * DIVISIONS));
  // For a point on an edge, `sum` may be DIVISIONS; the point then belongs to the cell below the edge.
  const b = Math.min(DIVISIONS - 1 - a, Math.floor(triple[1] * DIVISIONS));
  const tie = Math.min(DIVISIONS - 1 - a - b, Math.floor(triple[2] * DIVISIONS));
  const corner = (...steps: Triple): Triple => [
    (a + steps[0]) / DIVISIONS,
    (b + steps[1]) / DIVISIONS,
    (tie + steps[2]) / DIVISIONS,
  ];
  return a + b + tie === DIVISIONS - 1
    ? [corner(1, 0, 0), corner(0, 1, 0), corner(0, 0, 1)]
    : [corner(1, 1, 0), corner(1, 0, 1), corner(0, 1, 1)];
}

function hit(rows: readonly ReportRow[], truth: ClassName): string {
  return percent(rows.filter((row) => clearWinner(row.probabilities) === truth).length / rows.length);
}
