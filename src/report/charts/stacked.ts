import { type Html, html } from "../html.ts";
import { count, percent } from "../number.ts";
import { px } from "./frame.ts";

/** One part of a bar: what it is, how much, and the class attribute of its colour. */
export interface Part {
  readonly name: string;
  readonly value: number;
  readonly colour: string;
}

/** Draws parts of a whole as one bar. `width` in units of the view box. */
export function stackedBar(
  parts: readonly Part[],
  size: { readonly width: number; readonly height: number; readonly kind: string },
  desc: string,
): Html {
  const total = parts.reduce((sum, { value }) => sum + value, 0) || 1;
  let left = 0;
  const rects = parts.map(({ name, value, colour }) => {
    const width = (size.width * value) / total;
    const rect = html`<rect class="${colour}" x="${px(left)}" y="0" width="${px(Math.max(0, width - 1))}" height="${size.height}"><title>${name}: ${total > 1.001 ? count(value) : percent(value)}</title></rect>`;
    left += width;
    return value > 0 && rect;
  });
  return html`<svg class="${size.kind}" viewBox="0 0 ${size.width} ${size.height}" preserveAspectRatio="none" role="img" aria-label="${desc}">${rects}</svg>`;
}
