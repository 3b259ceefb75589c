import { intervalMark, intervalScale } from "../charts/interval.ts";
import type { ReportData, Slice, SliceGroup } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { fixed, percent } from "../text/number.ts";
import { leftOut, type Section, shown } from "./section.ts";
import { countCell, estimateCell, loss, numberCell, share, table } from "./table.ts";

/** Shows the scores of parts of the rows, each with its interval drawn on one scale. */
export function slices({ quality, rows }: ReportData): Section {
  if (quality === null) return leftOut("Slices", "the rows have no labels");
  const groups = quality.slices.filter((group) => group.slices.length > 0);
  if (groups.length === 0) return leftOut("Slices", "there was nothing to divide the rows by");
  const all = quality.scores[0]?.logLoss.value ?? null;
  const scale = intervalScale(
    groups.flatMap((group) => group.slices.map(({ logLoss }) => logLoss)),
    all,
  );
  const draw = ({ logLoss }: Slice): Html => intervalMark(logLoss, scale);
  const lead =
    all === null
      ? ""
      : `The intervals of all tables are drawn on one scale; the broken line is the log loss of all rows, ${fixed(all, 3)}.`;
  return shown(
    "slices",
    "Slices",
    html`<p class="lead">${lead}</p><div class="even">${groups.map((group) => groupTable(group, rows.length, draw))}</div>`,
  );
}

function groupTable({ name, slices: parts }: SliceGroup, rows: number, draw: (slice: Slice) => Html): Html {
  const columns = [
    { name, numeric: false },
    { name: "Log loss", numeric: true },
    { name: "95 % interval", numeric: false },
    { name: "Accuracy", numeric: true },
    { name: "ECE", numeric: true },
    { name: "Rows", numeric: true },
    { name: "Share", numeric: true },
  ];
  return table(
    `By ${lowerFirst(name)}`,
    columns,
    parts.map((slice) => [
      { body: slice.name },
      estimateCell(slice.logLoss, loss),
      { body: draw(slice), sort: slice.logLoss.value },
      estimateCell(slice.accuracy, share),
      numberCell(slice.ece, loss),
      countCell(slice.rows),
      numberCell(slice.rows / rows, percent),
    ]),
  );
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
