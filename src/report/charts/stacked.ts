import { type Html, html } from "../markup/html.ts";
import { px } from "./frame.ts";

/** One part of a bar: its size, its text, and the class attribute that gives its colour. */
export interface Part {
  readonly value: number;
  readonly text: string;
  readonly colour: string;
}

/**
 * Draws the parts of a whole as one bar over the full width. `kind` is the class attribute of the bar and sets its
 * height.
 */
export function stackedBar(kind: string, parts: readonly Part[]): Html {
  const drawn = parts.filter(({ value }) => Number.isFinite(value) && value > 0);
  const total = drawn.reduce((sum, { value }) => sum + value, 0);
  const desc = parts.map(({ text }) => text).join(", ");
  let left = 0;
  const rects = drawn.map(({ value, text, colour }) => {
    const width = (WIDTH * value) / total;
    const rect = html`<rect class="${colour}" x="${px(left)}" y="0" width="${px(Math.max(0, width - GAP))}" height="10"><title>${text}</title></rect>`;
    left += width;
    return rect;
  });
  return html`<svg class="${kind}" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="${desc}">${rects}</svg>`;
}

const WIDTH = 1000;
const GAP = 1.5;
