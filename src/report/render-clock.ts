import { basename } from "node:path";
import type { Effects } from "../effects.ts";
import { messageOf } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { RunFolder } from "../runfolder/open-run-folder.ts";
import { readTimeline, timingOf } from "../runfolder/timeline/timeline.ts";
import { drawForecast, type ForecastHistory } from "./charts/forecast.ts";
import type { Frame } from "./charts/frame.ts";
import { html, trusted } from "./markup/html.ts";
import { pictureStyle } from "./markup/style.ts";

/**
 * Draws clock.svg from the journal of a run. If the picture cannot be written, the error is logged and not thrown,
 * because the results are already written.
 */
export async function drawClock(
  { path, clockFile, journalFile }: RunFolder,
  { log, disk }: Pick<Effects, "log" | "disk">,
): Promise<void> {
  try {
    const timeline = await readTimeline(journalFile, disk);
    const timing = timingOf(timeline);
    if (timing === null) return;
    await writeAtomic(
      clockFile,
      renderClock({ ...timeline, timing }, `${basename(path)}: forecast and actual end`),
      disk,
    );
  } catch (error) {
    log("error", `clock.svg could not be written: ${messageOf(error)}`);
  }
}

const FRAME: Frame = { width: 880, height: 430, left: 64, right: 860, top: 72, bottom: 376 };

/**
 * Renders the forecasts of a run and its actual end as one SVG file on a light background. The file loads nothing from
 * other addresses.
 */
export function renderClock(history: ForecastHistory, title: string): string {
  const { width, height, desc, body } = drawForecast(history, FRAME);
  const { markup } =
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
<title id="t">${title}</title><desc id="d">${desc}</desc>
<style>${trusted(pictureStyle())}</style>
<text class="title" x="16" y="30">${title}</text>
${body}
</svg>
`;
  return markup;
}
