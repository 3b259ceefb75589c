import type { Band } from "../data.ts";
import { type Html, html } from "../html.ts";
import { duration } from "../number.ts";
import { type Frame, px } from "./frame.ts";

type Position = (value: number) => number;

/** Colours the ground of a chart over time: one rectangle for each stretch in which one thing was in force. */
export function bandGround(bands: readonly Band[], frame: Frame, x: Position): Html {
  return html`<g class="steps">${bands.map((band) => {
    const [from, to] = [px(x(band.fromMs)), px(x(band.toMs))];
    return (
      to > from &&
      html`<rect class="${band.kind}" x="${from}" y="${frame.top}" width="${px(to - from)}" height="${frame.bottom - frame.top}"><title>${band.name}: ${duration(band.fromMs)} to ${duration(band.toMs)}</title></rect>`
    );
  })}</g>`;
}

const LINE = 18;
const SWATCH = 11;
/** Width of a character at most, in units of the view box. */
const CHARACTER = 6.2;

/** The key of the forecast and of the bands, each name once, in lines that fit the frame. */
export function bandKey(
  bands: readonly Band[],
  frame: Frame,
  top: number,
): { readonly key: Html; readonly height: number } {
  const names = [...new Map([...LINES, ...bands].map((band) => [band.name, band])).values()];
  let [left, line] = [frame.left, 0];
  const entries = names.map(({ name, kind }) => {
    const width = SWATCH + 6 + name.length * CHARACTER;
    if (left > frame.left && left + width > frame.right) [left, line] = [frame.left, line + 1];
    const at = { x: left, y: top + line * LINE };
    left += width + 12;
    return html`${swatch(kind, at)}<text x="${px(at.x + SWATCH + 5)}" y="${px(at.y + 9.5)}">${name}</text>`;
  });
  return { key: html`<g class="steps key">${entries}</g>`, height: (line + 1) * LINE };
}

const LINES = [
  { name: "forecast", kind: "line" },
  { name: "90\u00a0% interval", kind: "interval" },
] as const;

function swatch(kind: Band["kind"] | "line" | "interval", { x, y }: { readonly x: number; readonly y: number }): Html {
  if (kind === "line") return html`<path class="line strong" d="M${px(x)} ${px(y + SWATCH / 2)}H${px(x + SWATCH)}"/>`;
  return html`<rect class="${kind}" x="${px(x)}" y="${px(y)}" width="${SWATCH}" height="${SWATCH}"/>`;
}
