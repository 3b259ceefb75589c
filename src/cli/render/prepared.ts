import { formatCount, formatFixed, formatVerdicts, plural } from "../../format.ts";
import type { PreparedData } from "../../training/prepare.ts";

/** Renders what `abtie prepare` has written. */
export function renderPrepared(data: PreparedData): string {
  const { folder, rows, examples, tokens, budget, cut, dropped, folds, heldOutRows, prior, priorLogLoss } = data;
  const ways = {
    prompt: "by prompt, balanced by class",
    position: "by the position of the row",
    none: "none: all rows are trained on",
  } as const;
  const held = folds.heldOut === null ? "" : `; fold ${folds.heldOut} is held out, ${plural(heldOutRows, "row")}`;
  return [
    `prepared   ${folder}`,
    `examples   ${formatCount(examples)} of ${plural(rows, "row")}, ${data.head === "label" ? "the label is the next token" : "for a classification head"}`,
    `tokens     ${formatCount(tokens.total)}, at most ${formatCount(tokens.longest)} of the ${formatCount(budget)} allowed; ${plural(cut, "example")} shortened`,
    ...Object.entries(dropped).map(([reason, count]) => `left out   ${plural(count, "row")}: ${reason}`),
    `folds      ${folds.by === "none" ? ways.none : `${folds.count} ${ways[folds.by]}${held}`}`,
    `classes    ${formatVerdicts(prior)}; always giving these shares has a log loss of ${formatFixed(priorLogLoss, 4)}`,
  ].join("\n");
}
