import type { VariantResult } from "../data/comparison-data.ts";
import { type Html, html } from "../markup/html.ts";
import { short } from "../markup/visible.ts";
import { judgedLoss } from "../text/comparison-verdict.ts";
import { fixed, range } from "../text/number.ts";
import { axes, FRAME, type Frame, picture, px, spread } from "./frame.ts";
import { linear, numberTicks } from "./ticks.ts";

const AREA: Frame = { ...FRAME, height: 290, bottom: 248 };

/**
 * Draws the cost of each variant against its log loss. A dashed line marks the seconds per row with which the job would
 * just meet the deadline.
 */
export function costChart(variants: readonly VariantResult[], limit: number | null): Html {
  const losses = variants.map(judgedLoss).flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const room = Math.max(0.08 * (high - low), 0.005);
  const slowest = Math.max(limit ?? 0, ...variants.map(({ secondsPerRow }) => secondsPerRow));
  const x = linear([0, slowest * 1.15], [AREA.left, AREA.right]);
  const y = linear([low - room, high + room], [AREA.bottom, AREA.top]);
  const heights = variants.map((variant) => y(judgedLoss(variant).value) + 4);
  const labels = spread(heights, 14, AREA.bottom - 6);
  const desc = variants.map(describe).join("; ");
  return picture({ id: "cost", title: "Cost against quality", desc }, AREA, [
    axes(
      AREA,
      { label: "seconds per row", ticks: numberTicks(x, 5) },
      { label: "log loss, lower is better", ticks: numberTicks(y, 5) },
    ),
    html`${limit !== null && html`<path class="level deadline" d="M${px(x(limit))} ${AREA.top}V${AREA.bottom}"/><text class="note halo" x="${px(x(limit))}" y="${AREA.top - 6}" text-anchor="middle">deadline</text>`}`,
    ...variants.map((variant) => whisker(variant, x, y)),
    ...variants.map((variant, index) => mark(variant, x, y, labels[index] ?? 0)),
  ]);
}

type Position = (value: number) => number;

function whisker(variant: VariantResult, x: Position, y: Position): Html {
  const { low, high } = judgedLoss(variant);
  const at = px(x(variant.secondsPerRow));
  return html`${low !== null && high !== null && html`<path class="whisker thin" d="M${at} ${px(y(low))}V${px(y(high))}"/>`}`;
}

function mark(variant: VariantResult, x: Position, y: Position, label: number): Html {
  const at = px(x(variant.secondsPerRow));
  const rightwards = at < (AREA.left + AREA.right) * 0.55;
  return html`<g><title>${describe(variant)}</title><circle class="mark" cx="${at}" cy="${px(y(judgedLoss(variant).value))}" r="4"/><text class="name halo" x="${px(at + (rightwards ? 8 : -8))}" y="${px(label)}" text-anchor="${rightwards ? "start" : "end"}">${short(variant.name, 24)}</text></g>`;
}

function describe(variant: VariantResult): string {
  const loss = judgedLoss(variant);
  const ends = range(loss, (value) => fixed(value, 3));
  return `${variant.name}: ${fixed(variant.secondsPerRow, 2)} s a row, log loss ${fixed(loss.value, 3)}${ends && ` (${ends})`}`;
}
