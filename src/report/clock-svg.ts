import { type Course, drawForecast } from "./charts/forecast.ts";
import type { Frame } from "./charts/frame.ts";
import { html, trusted } from "./html.ts";
import { standaloneStyle } from "./style/standalone.ts";

const FRAME: Frame = { width: 880, height: 430, left: 64, right: 860, top: 72, bottom: 376 };

/** Renders how the clock of a run went as one SVG file that needs nothing from outside, always on light ground. */
export function renderClock(course: Course, title: string): string {
  const { width, height, desc, body } = drawForecast(course, FRAME);
  const { markup } =
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
<title id="t">${title}</title><desc id="d">${desc}</desc>
<style>${trusted(standaloneStyle())}</style>
<text class="title" x="16" y="30">${title}</text>
${body}
</svg>
`;
  return markup;
}
