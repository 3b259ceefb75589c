import { CLASS_TEXT } from "../../classes.ts";
import type { VerdictSummary } from "../../evaluate/verdict-summary.ts";
import { estimateOf } from "../data/from-metrics.ts";
import { count, percent } from "../text/number.ts";
import { countCell, estimateCell, numberColumn, rate, type Table, textColumn } from "./table.ts";

/** Lists how well the sets of verdicts and the accepted verdicts keep what they promise; without labels only their numbers. */
export function verdictSetTable({ coverage, maxError, rows, sizes, accepted, measured }: VerdictSummary): Table {
  const stated = (text: string) => ({ text });
  const held = (measured?.held ?? []).map(({ name, share }) => [
    { text: `label ${CLASS_TEXT[name]}: its set holds it` },
    countCell(share.rows),
    estimateCell(estimateOf(share, [0, 1]), rate),
    stated(`at least ${percent(coverage)}`),
  ]);
  const wrong = measured?.wrong ?? null;
  return {
    caption: "Sets of verdicts",
    columns: [textColumn("Rows"), numberColumn("Number"), numberColumn("Share"), numberColumn("Stated")],
    rows: [
      ...sizes.map((size, index) => [
        { text: SIZE[index] ?? `${index} classes in the set` },
        countCell(size),
        { text: percent(size / rows, 1) },
        stated(""),
      ]),
      [{ text: "verdict accepted" }, countCell(accepted), { text: percent(accepted / rows, 1) }, stated("")],
      ...held,
      ...(wrong === null
        ? []
        : [
            [
              { text: "accepted, with a label: wrong" },
              countCell(wrong.rows),
              estimateCell(estimateOf(wrong, [0, 1]), rate),
              stated(`at most ${percent(maxError)}`),
            ],
          ]),
    ],
  };
}

const SIZE = ["no class in the set", "one class in the set", "two classes in the set", "all three classes in the set"];

/** Says what the table means. */
export function verdictSentence({ coverage, maxError, confidence, rows, accepted }: VerdictSummary): string {
  return (
    `The set of a row holds its true class for ${percent(coverage)} of the rows of each class. ${count(rows - accepted)} of ${count(rows)} rows abstain; ` +
    `of the accepted verdicts at most ${percent(maxError)} are wrong, with ${percent(confidence)} confidence.`
  );
}
