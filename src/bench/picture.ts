import { line } from "d3-shape";
import { levelOf } from "../concurrency/setting.ts";
import { axes, FRAME, type Frame, px } from "../report/charts/frame.ts";
import { linear, numberTicks } from "../report/charts/ticks.ts";
import { type Html, html, trusted } from "../report/markup/html.ts";
import type { Speeds } from "./speeds.ts";

/** The SVG file is used without the report, so it repeats the report's colours. */
const STYLE = `svg{background:#fff;font:11px system-ui,sans-serif}text{fill:#57534e;font-size:11px}text.note{fill:#1c1917}
path{fill:none}.grid{stroke:#e7e5e4}.base{stroke:#57534e}.line{stroke:#0f766e;stroke-width:1.6}.whisker{stroke:#0f766e;opacity:.7}
.mark{fill:#0f766e}.mark.single{fill:#fff;stroke:#0f766e;stroke-width:1.4}.mark.best{fill:#b45309}.area{fill:#0f766e;fill-opacity:.18}`;

const WIDTH = 760;
const GAP = 400;
const HEAD = 40;
const LEGEND = FRAME.height + HEAD + 12;

/**
 * Draws one SVG file with two charts: throughput against prompts in flight, and time per row against its tokens with
 * the fitted line.
 */
export function renderPicture(speeds: Speeds, title: string): string {
  const { markup } =
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${LEGEND + 10}" width="${WIDTH}" role="img">
<title>${title}</title><style>${trusted(STYLE)}</style>
${linesOf(title).map((text, line) => html`<text class="note" x="0" y="${14 + 16 * line}" font-weight="600">${text}</text>`)}
<g transform="translate(0 ${HEAD})">${throughputChart(speeds)}</g>
<g transform="translate(${GAP} ${HEAD})">${timeChart(speeds)}</g>
${legend()}
</svg>
`;
  return markup;
}

/** Breaks a long title into two lines after its interval. */
function linesOf(title: string): readonly string[] {
  const [, first, second] = /^(.*?\)), (.*)$/.exec(title) ?? [];
  return first === undefined || second === undefined ? [title] : [first, second];
}

function legend(): Html {
  const y = LEGEND - 4;
  return html`<circle class="mark best" cx="62" cy="${y}" r="4"/><text x="71" y="${LEGEND}">chosen</text>
<circle class="mark single" cx="130" cy="${y}" r="4"/><text x="139" y="${LEGEND}">one prompt a request</text>
<circle class="mark single" cx="${GAP + 62}" cy="${y}" r="3"/><text x="${GAP + 71}" y="${LEGEND}">measured</text>
<path class="line" d="M${GAP + 132} ${y}h16"/><text x="${GAP + 153}" y="${LEGEND}">fit</text>
<path class="whisker" d="M${GAP + 186} ${y - 5}v10"/><text x="${GAP + 193}" y="${LEGEND}">95 %, quarters of the file</text>`;
}

/** A setting with one prompt per request is drawn separately if another setting has as many prompts in flight. */
function throughputChart({ settings, best }: Speeds): Html {
  const frame: Frame = { ...FRAME, left: 56 };
  const most = Math.max(...settings.map(({ tokensPerSecond }) => tokensPerSecond.high), 1);
  const levels = settings.map(levelOf);
  const x = linear(
    [Math.log2(Math.min(...levels)), Math.log2(Math.max(...levels))],
    [frame.left + 14, frame.right - 14],
  );
  const y = linear([0, most * 1.05], [frame.bottom, frame.top]);
  const at = (level: number): number => x(Math.log2(level));
  const isSingle = (one: (typeof settings)[number]): boolean =>
    one.promptsPerRequest === 1 && settings.some((other) => other !== one && levelOf(other) === levelOf(one));
  const main = settings.filter((one) => !isSingle(one));
  const curve = line<(typeof settings)[number]>()
    .x((one) => px(at(levelOf(one))))
    .y((one) => px(y(one.tokensPerSecond.value)));
  const kind = (one: (typeof settings)[number]): string =>
    isSingle(one) ? "mark single" : levelOf(one) === levelOf(best) ? "mark best" : "mark";
  return html`${axes(
    frame,
    {
      label: "prompts in flight",
      ticks: [...new Set(levels)].map((level) => ({ at: at(level), text: String(level) })),
    },
    { label: "tokens per second", ticks: numberTicks(y, 5) },
  )}<path class="line" d="${curve([...main]) ?? ""}"/>${[...settings.filter(isSingle), ...main].map(
    (one) =>
      html`<path class="whisker" d="M${px(at(levelOf(one)))} ${px(y(one.tokensPerSecond.low))}V${px(y(one.tokensPerSecond.high))}"/><circle class="${kind(one)}" cx="${px(at(levelOf(one)))}" cy="${px(y(one.tokensPerSecond.value))}" r="4"><title>${one.concurrency} requests of ${one.promptsPerRequest}: ${one.tokensPerSecond.value.toFixed(0)} tokens/s</title></circle>`,
  )}`;
}

function timeChart({ stretches, fit, byLength }: Speeds): Html {
  const frame: Frame = { ...FRAME, left: 56 };
  const points = stretches.map(({ ms, rows, tokens }) => ({ tokens: tokens / rows, seconds: ms / rows / 1_000 }));
  const longest = Math.max(...points.map(({ tokens }) => tokens), ...byLength.map(({ tokens }) => tokens)) * 1.1;
  const at = (tokens: number): number => (fit.rowMs + fit.tokenMs * tokens) / 1_000;
  const slowest = Math.max(at(longest), ...points.map(({ seconds }) => seconds)) * 1.05;
  const x = linear([0, longest], [frame.left, frame.right]);
  const y = linear([0, slowest], [frame.bottom, frame.top]);
  return html`${axes(
    frame,
    { label: "tokens of a row", ticks: numberTicks(x, 5) },
    { label: "seconds per row, engine full", ticks: numberTicks(y, 5) },
  )}<path class="line" d="M${px(x(0))} ${px(y(at(0)))}L${px(x(longest))} ${px(y(at(longest)))}"/>${points.map(
    ({ tokens, seconds }) => html`<circle class="mark single" cx="${px(x(tokens))}" cy="${px(y(seconds))}" r="3"/>`,
  )}${byLength.map(
    ({ tokens, seconds }) =>
      html`<path class="whisker" d="M${px(x(tokens))} ${px(y(seconds.low))}V${px(y(seconds.high))}"/>`,
  )}`;
}
