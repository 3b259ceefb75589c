import { sum } from "../../numbers/sums.ts";
import type { PerClass } from "../../types.ts";
import { type Html, html } from "../markup/html.ts";

/**
 * An equilateral triangle with A at the left corner, B at the right and the tie at the top. Lengths are in units of the
 * view box.
 */
export interface Ternary {
  readonly left: number;
  readonly bottom: number;
  readonly side: number;
}

const HEIGHT = Math.sqrt(3) / 2;

/** The probabilities of a judge with three classes; they sum to 1. */
export type Triple = readonly [a: number, b: number, tie: number];

/** Computes the position of probabilities in the triangle. */
export function place({ left, bottom, side }: Ternary, [, b, tie]: Triple): { readonly x: number; readonly y: number } {
  return { x: left + side * (b + tie / 2), y: bottom - side * HEIGHT * tie };
}

/**
 * Checks whether probabilities have a position in the triangle: there are three, they are finite, none is below 0, and
 * their sum is 1 within 0.001.
 */
export function placeable(probabilities: PerClass): probabilities is Triple {
  if (probabilities.length !== 3) return false;
  return probabilities.every((value) => value >= 0) && Math.abs(sum(probabilities) - 1) <= 1e-3;
}

/** Writes the path of the triangle between three triples. */
export function trianglePath(ternary: Ternary, corners: readonly [Triple, Triple, Triple]): string {
  const points = corners.map((corner) => place(ternary, corner)).map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M${points.join("L")}z`;
}

/** Writes the path of the straight line between two triples. */
export function linePath(ternary: Ternary, from: Triple, to: Triple): string {
  const [start, end] = [place(ternary, from), place(ternary, to)];
  return `M${start.x.toFixed(1)} ${start.y.toFixed(1)}L${end.x.toFixed(1)} ${end.y.toFixed(1)}`;
}

/** The three corners of the triangle. */
export const CORNERS: readonly [Triple, Triple, Triple] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Draws the empty triangle: a grid at quarters, and the borders between the three verdicts. */
export function emptyTriangle(area: Ternary): Html {
  const quarters = [0.25, 0.5, 0.75].flatMap((share) => [
    linePath(area, [share, 1 - share, 0], [share, 0, 1 - share]),
    linePath(area, [1 - share, share, 0], [0, share, 1 - share]),
    linePath(area, [1 - share, 0, share], [0, 1 - share, share]),
  ]);
  const middle: Triple = [1 / 3, 1 / 3, 1 / 3];
  const borders: readonly Triple[] = [
    [0.5, 0.5, 0],
    [0.5, 0, 0.5],
    [0, 0.5, 0.5],
  ];
  return html`<path class="tri" d="${trianglePath(area, CORNERS)}"/><path class="grid" d="${quarters.join("")}"/><path class="border" d="${borders.map((end) => linePath(area, middle, end)).join("")}"/>`;
}
