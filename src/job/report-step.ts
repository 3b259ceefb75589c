import type { Effects } from "../effects.ts";

/** Tells the person what is being done now. */
export type ReportStep = (text: string) => void;

/** From so many rows on, a step takes longer than a person waits without wondering. */
const MANY_ROWS = 2_000;

/** Creates the telling of steps over so many rows: of few, nothing is told. */
export function createReportStep(rows: number, { progress }: Pick<Effects, "progress">): ReportStep {
  return (text) => {
    if (rows >= MANY_ROWS) progress({ stage: "step", name: text, text: "" });
  };
}
