import { basename } from "node:path";
import type { Effects } from "../effects.ts";
import { messageOf } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { RunFolder } from "../runfolder/open-run-folder.ts";
import { renderClock } from "./clock-svg.ts";
import { readTimeline } from "./from-run/timeline.ts";
import { timingOf } from "./from-run/timing.ts";

/** Draws clock.svg from the journal of a run. A picture that cannot be written is logged: the results are in place. */
export async function drawClock(
  { path, clockFile, journalFile }: RunFolder,
  { log }: Pick<Effects, "log">,
): Promise<void> {
  try {
    const timeline = await readTimeline(journalFile);
    const timing = timingOf(timeline);
    if (timing === null) return;
    await writeAtomic(clockFile, renderClock({ ...timeline, timing }, `${basename(path)}: when would it end?`));
  } catch (error) {
    log("error", `clock.svg could not be written: ${messageOf(error)}`);
  }
}
