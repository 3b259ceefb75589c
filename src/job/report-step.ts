import type { Effects } from "../effects.ts";

/** Shows the step that begins now. */
export type ReportStep = (text: string) => void;

/** With fewer rows a step ends before a person can read its name. */
const MANY_ROWS = 2_000;

/** Creates the function that shows the steps of work on this many rows; it shows nothing for fewer than 2,000. */
export function createReportStep(rows: number, { progress }: Pick<Effects, "progress">): ReportStep {
  return (text) => {
    if (rows >= MANY_ROWS) progress({ stage: "step", name: text, text: "" });
  };
}
