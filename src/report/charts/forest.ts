import type { Pair } from "../data/comparison-data.ts";
import { type Html, html } from "../markup/html.ts";
import { short } from "../markup/visible.ts";
import { fixed, range, signed } from "../text/number.ts";
import { picture, px } from "./frame.ts";
import { linear, numberTicks } from "./ticks.ts";

const WIDTH = 360;
const SIDES = { left: 10, right: 350 };
const ROW = 40;
const TOP = 8;

/** Draws the difference of each pair with its interval. An interval lies on the side of the better variant. */
export function forest(pairs: readonly Pair[], noiseFloor: number | null): Html {
  const bottom = TOP + pairs.length * ROW + 6;
  const ends = pairs.flatMap(({ difference: { value, low, high } }) => [value, low ?? value, high ?? value]);
  const reach = Math.max(...[...ends, noiseFloor ?? 0].map(Math.abs).filter(Number.isFinite), 1e-3) * 1.08;
  const x = linear([-reach, reach], [SIDES.left, SIDES.right]);
  const zero = px(x(0));
  const ticks = numberTicks(x, 5).map(({ at }) => ({ at, text: tickText(x.invert(at)) }));
  const desc = pairs.map(describe).join("; ");
  const noise =
    noiseFloor !== null &&
    noiseFloor > 0 &&
    html`<rect class="noise" x="${px(x(-noiseFloor))}" y="${TOP}" width="${px(x(noiseFloor) - x(-noiseFloor))}" height="${bottom - TOP}"><title>noise floor: ${fixed(noiseFloor, 4)} nats</title></rect>`;
  return picture(
    { id: "forest", title: "Differences in log loss with 95 % intervals", desc },
    { width: WIDTH, height: bottom + 40 },
    [
      html`${noise}<path class="ideal" d="M${zero} ${TOP}V${bottom}"/>`,
      ...pairs.map((pair, index) => row(pair, TOP + index * ROW, x)),
      html`<g class="axis"><path class="base" d="M${SIDES.left} ${bottom}H${SIDES.right}"/>${ticks.map(({ at, text }) => html`<path class="base" d="M${px(at)} ${bottom}v4"/><text class="num" x="${px(at)}" y="${bottom + 16}" text-anchor="middle">${text}</text>`)}
<text class="label" x="${WIDTH / 2}" y="${bottom + 34}" text-anchor="middle">nats by which the named side is better</text></g>`,
    ],
  );
}

function row(pair: Pair, top: number, x: (value: number) => number): Html {
  const { value, low, high } = pair.difference;
  const at = top + 28;
  return html`<g class="${pair.better === null ? "open" : "decided"}"><title>${describe(pair)}</title>
<text class="name" x="${SIDES.left}" y="${top + 14}">${short(pair.first, 24)}</text><text class="name" x="${SIDES.right}" y="${top + 14}" text-anchor="end">${short(pair.second, 24)}</text>
${low !== null && high !== null && html`<path class="whisker" d="M${px(x(low))} ${at}H${px(x(high))}M${px(x(low))} ${at - 3}v6M${px(x(high))} ${at - 3}v6"/>`}
<circle class="mark" cx="${px(x(value))}" cy="${at}" r="4"/></g>`;
}

function describe({ first, second, difference }: Pair): string {
  const ends = range(difference, (value) => signed(value, 3));
  return `${first} minus ${second}: ${signed(difference.value, 3)} nats${ends && ` (${ends})`}`;
}

function tickText(value: number): string {
  if (Math.abs(value) < 1e-9) return "0";
  return fixed(Math.abs(value), 3)
    .replace(/0{1,2}$/, "")
    .replace(/\.$/, "");
}
