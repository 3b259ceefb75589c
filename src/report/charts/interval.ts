import type { Estimate } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { px } from "./frame.ts";
import { linear } from "./ticks.ts";

/** The scale of a column of intervals: one domain for all rows, and a value with which the intervals are compared. */
export interface IntervalScale {
  readonly domain: readonly [number, number];
  readonly reference: number | null;
}

const WIDTH = 132;
const HEIGHT = 18;

/** Finds the domain that contains all estimates of a column and its reference, with free space at both ends. */
export function intervalScale(estimates: readonly Estimate[], reference: number | null): IntervalScale {
  const values = estimates.flatMap(({ value, low, high }) => [value, low, high]);
  const all = [...values, reference].filter((value) => value !== null && Number.isFinite(value)) as number[];
  if (all.length === 0) return { domain: [0, 1], reference: null };
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = Math.max((high - low) * 0.06, 1e-6);
  return { domain: [low - room, high + room], reference };
}

/**
 * Draws one estimate with its interval for a table cell. Screen readers skip the drawing, because the cell beside it
 * contains the numbers.
 */
export function intervalMark({ value, low, high }: Estimate, { domain, reference }: IntervalScale): Html {
  const x = linear(domain, [4, WIDTH - 4]);
  const middle = HEIGHT / 2;
  return html`<svg class="mini" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true">${
    reference !== null && html`<path class="ideal" d="M${px(x(reference))} 0V${HEIGHT}"/>`
  }${low !== null && high !== null && html`<path class="whisker" d="M${px(x(low))} ${middle}H${px(x(high))}"/>`}${
    Number.isFinite(value) && html`<circle class="mark" cx="${px(x(value))}" cy="${middle}" r="3.2"/>`
  }</svg>`;
}
