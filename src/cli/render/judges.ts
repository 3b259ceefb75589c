import type { JudgesResult } from "../../commands/calibrate-judges.ts";
import { leftOutTies } from "../../metrics/labels-for.ts";
import { estimateOf } from "../../report/data/from-metrics.ts";
import { loss } from "../../report/tables/table.ts";
import { counted, withRange } from "../../report/text/number.ts";
import { wrapFields } from "./help-text.ts";
import { columnLines, paragraph, terminalText } from "./table.ts";

type Counts = keyof JudgesResult["losses"];

/** Renders how two judges are combined, as tables for a person. `columns` is the width of the terminal; null: no terminal. */
export function renderJudges(result: JudgesResult, columns: number | null): string {
  const { rows, groups, folds, repeats, losses, falls, judges } = result;
  const leftOut = leftOutTies(result);
  const nats = (estimate: JudgesResult["losses"][Counts]): string =>
    estimate === null ? "no such row" : withRange(estimateOf(estimate, [0, Number.POSITIVE_INFINITY]), loss);
  const gain = (key: Counts): string => {
    const fall = key === "10" ? null : (falls[`10>${key}`] ?? null);
    return fall === null ? "" : withRange(estimateOf(fall), loss);
  };
  const names: Readonly<Record<Counts, string>> = {
    "10": `${judges[0]}`,
    "20": `${judges[0]} in both orders`,
    "11": `${judges[0]} and ${judges[1]}`,
    "21": `${judges[0]} in both orders and ${judges[1]}`,
    "12": `${judges[0]} and ${judges[1]} in both orders`,
    "22": `both in both orders`,
  };
  const parts = [
    `${counted(rows, "row")} with ${counted(groups, "prompt")}${leftOut === null ? "" : ` (${leftOut})`}, ${folds} folds that keep the rows of a prompt together, ${counted(repeats, "repeat")}`,
    columnLines(
      [
        ["answers of", "log loss", `gain over one answer of ${judges[0]}`],
        ...(Object.keys(names) as Counts[]).map((key) => [names[key], nats(losses[key]), gain(key)]),
      ],
      columns,
    ),
    paragraph(
      `Log losses are in nats. Each row is predicted by parameters that were fitted to the other folds. In brackets 95 % intervals over
prompts. A run with this file asks for the answers that bring most in the time left, and for none that brought nothing here.`,
      columns,
    ),
  ];
  return wrapFields(terminalText(parts.join("\n\n")).split("\n"), columns);
}
