import type { Watch } from "../effects.ts";
import { formatDuration } from "../format.ts";

/** A deadline nearer to the start than this (ms) is itself the reason why nothing was done: starting takes seconds. */
const SHORT_MS = 30_000;

/** Explains why the watchdog ended the job, which began at `startedAt` (ms since 1970), and which file is in place. */
export function explainEnd({ output, complete, deadlineAt }: Watch, startedAt: number): string {
  if (complete) return `the job did not end in time; the last complete file is in place: ${output}`;
  const file = output ?? "the submission";
  const whole = deadlineAt - startedAt;
  if (whole < SHORT_MS) {
    return (
      `the deadline is too short: it was ${formatDuration(whole, { precise: true })} after the start, and the program itself needs seconds to start and to ` +
      `end in order. ${file} was not written by this run. Give at least ${formatDuration(SHORT_MS)}`
    );
  }
  return (
    `the deadline came before the rows could be read and a first complete file could be written: ${file} was not written by this run. ` +
    "Give a later deadline, or look at why the input or its disk is slow"
  );
}

/** Explains the end of a job process that reported no status. `end` is its signal or status; `watch` is the last one set. */
export function explainCrash(end: string, watch: Watch | null): string {
  const file = watch?.complete === true ? ` The last complete file is in place: ${watch.output}.` : "";
  const memory = end === "SIGKILL" ? " (the system kills processes when memory is short)" : "";
  return `bug: the job process ended with ${end}${memory}.${file} The same command continues the run`;
}
