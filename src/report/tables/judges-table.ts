import type { JudgesData } from "../data/run-data.ts";
import { percent } from "../text/number.ts";
import { countCell, estimateCell, loss, numberCell, numberColumn, type Table, textColumn } from "./table.ts";

/** Lists how many rows each of two judges has answered in each order, and what that brought on labelled rows. */
export function judgesTable({ lines, rows }: JudgesData): Table {
  return {
    caption: "Two judges",
    columns: [
      textColumn("Answers of"),
      textColumn("Model"),
      numberColumn("Rows"),
      numberColumn("Share"),
      numberColumn(
        "Gain when fitted",
        "By how many nats the log loss of held-out labelled rows falls by these answers, from one answer of the first judge",
      ),
    ],
    rows: lines.map(({ name, model, answers, gain }) => [
      { text: name },
      { text: model },
      countCell(answers),
      numberCell(answers / Math.max(1, rows), percent),
      estimateCell(gain, loss),
    ]),
  };
}

/** Says how the answers of two judges became probabilities. */
export function judgesSentence({ isFitted }: JudgesData): string {
  return isFitted
    ? "The answers of a row are pooled as the file of the combination says, which was fitted to labelled rows; rows got the answers that were expected to lower the log loss most in the time left."
    : "The answer of the second judge replaces that of the first: no combination was fitted to labelled rows.";
}
