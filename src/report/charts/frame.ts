import { type Html, html } from "../markup/html.ts";

/** The drawing area of a chart inside its picture, in units of the view box. On a phone, one unit is one CSS pixel. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A mark on an axis: its position in units of the view box, and its text. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

export interface Axis {
  readonly label: string;
  readonly ticks: readonly Tick[];
}

/** The frame of most charts. It is 360 units wide, so that text keeps its size on a phone. */
export const FRAME: Frame = { width: 360, height: 260, left: 46, right: 342, top: 30, bottom: 218 };

/**
 * Puts the body of a chart into a picture element that screen readers can read. `desc` describes the content in words.
 */
export function picture(
  chart: { readonly id: string; readonly title: string; readonly desc: string; readonly links?: boolean },
  size: { readonly width: number; readonly height: number },
  body: Html | readonly Html[],
): Html {
  // A picture with links needs the role group, because screen readers do not reach the children of the role img.
  const role = chart.links ? "group" : "img";
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" role="${role}" aria-labelledby="${chart.id}-t ${chart.id}-d"
><title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.desc}</desc>${body}</svg>`;
}

/**
 * Draws both axes: light horizontal lines at the ticks of y, labels below and at the left, and the name of y above.
 */
export function axes(frame: Frame, x: Axis, y: Axis): Html {
  return html`<g class="axis">
${y.ticks.map((tick) => html`<path class="grid" d="M${frame.left} ${px(tick.at)}H${frame.right}"/><text class="num" x="${frame.left - 6}" y="${px(tick.at + 3.5)}" text-anchor="end">${tick.text}</text>`)}
<path class="base" d="M${frame.left} ${frame.bottom}H${frame.right}"/>
${x.ticks.map((tick) => html`<path class="base" d="M${px(tick.at)} ${frame.bottom}v4"/><text class="num" x="${px(tick.at)}" y="${frame.bottom + 16}" text-anchor="middle">${tick.text}</text>`)}
<text class="label" x="${(frame.left + frame.right) / 2}" y="${frame.bottom + 34}" text-anchor="middle">${x.label}</text>
<text class="label" x="${frame.left - 44}" y="${frame.top - 18}">${y.label}</text>
</g>`;
}

/** Rounds a coordinate to a tenth of a unit. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}
/**
 * Moves positions on a line apart until neighbours have a distance of `gap`, and keeps their order. No position goes
 * beyond `end`. Used for labels.
 */
export function spread(positions: readonly number[], gap: number, end: number): number[] {
  const order = positions
    .map((_, index) => index)
    .sort((one, other) => (positions[one] ?? 0) - (positions[other] ?? 0));
  const moved = [...positions];
  let floor = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    moved[index] = Math.max(moved[index] ?? 0, floor);
    floor = (moved[index] ?? 0) + gap;
  }
  let ceiling = end;
  for (const index of order.reverse()) {
    moved[index] = Math.min(moved[index] ?? 0, ceiling);
    ceiling = (moved[index] ?? 0) - gap;
  }
  return moved;
}
