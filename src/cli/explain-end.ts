import type { Watch } from "../effects.ts";

/** Explains why the watchdog ended the job, and which file is in place. */
export function explainEnd({ output, complete }: Watch): string {
  if (complete) return `the job did not end in time; the last complete file is in place: ${output}`;
  const file = output ?? "the submission";
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
