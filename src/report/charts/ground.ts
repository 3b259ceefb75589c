import type { Triple } from "../../types.ts";
import { type Html, html } from "../html.ts";
import { CORNERS, linePath, type Ternary, trianglePath } from "./ternary.ts";

/** Draws the empty triangle: grid at quarters and the borders between the three verdicts. */
export function ground(area: Ternary): Html {
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
