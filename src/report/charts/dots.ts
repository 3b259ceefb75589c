import { type Html, html } from "../markup/html.ts";

/** A point (coordinates in units of the view box) and the class attribute that gives its colour. */
export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly colour: string;
}

/**
 * Draws any number of points as a few paths, because each point then needs only about ten bytes: it is a line of length
 * 0 with round ends. The points of one colour are spread over up to 24 layers, and each layer contains all colours, so
 * that overlapping points darken each other and no colour covers all others. Points at the same tenth of a unit are
 * drawn once per layer.
 */
export function dots(points: readonly Dot[]): Html {
  const layers = Math.min(24, Math.max(1, Math.ceil(points.length / 500)));
  const size = points.length <= 400 ? "large" : points.length <= 4000 ? "medium" : "small";
  const paths = Array.from({ length: layers }, () => new Map<string, Set<string>>());
  for (const [index, point] of points.entries()) {
    const layer = paths[index % layers] as Map<string, Set<string>>;
    const marks = layer.get(point.colour) ?? new Set();
    layer.set(point.colour, marks.add(`M${point.x.toFixed(1)} ${point.y.toFixed(1)}h0`));
  }
  return html`<g class="dots ${size}">${paths.map((layer) => [...layer].sort().map(([colour, marks]) => html`<path class="${colour}" d="${[...marks].join("")}"/>`))}</g>`;
}
