import type { Effects } from "../effects.ts";

/** Shows the step that begins now. */
export type ReportStep = (text: string) => void;

/** With fewer rows a step ends before a person can read its name. */
const MANY_ROWS = 2_000;

/** Creates a function that shows the steps of work on `rows` rows. With fewer than 2,000 rows it shows nothing. */
export function createReportStep(rows: number, { progress }: Pick<Effects, "progress">): ReportStep {
  return (text) => {
    if (rows >= MANY_ROWS) progress({ stage: "step", name: text, text: "" });
  };
}
