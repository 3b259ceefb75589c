import { intervalMark, intervalScale } from "../charts/interval.ts";
import type { ReportData, Slice, SliceGroup } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { sliceTable } from "../tables/run-tables.ts";
import { textColumn } from "../tables/table.ts";
import { fixed } from "../text/number.ts";
import { leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";

/** Shows the scores of slices of the rows. All intervals of a table are drawn on one scale. */
export function slices({ quality, rows }: ReportData): Section {
  if (quality === null) return leftOut("Slices", "the rows have no labels");
  const groups = quality.slices.filter((group) => group.slices.length > 0);
  if (groups.length === 0) return leftOut("Slices", "there was nothing to divide the rows by");
  const all = quality.scores[0]?.logLoss.value ?? null;
  const losses = groups.flatMap((group) => group.slices.map(({ logLoss }) => logLoss));
  const scale = intervalScale(losses, all);
  const draw = ({ logLoss }: Slice): Html => intervalMark(logLoss, scale);
  const lead = `The intervals of all tables are drawn on one scale; the broken line is the log loss of all rows, ${fixed(all, 3)}.`;
  return section(
    "slices",
    "Slices",
    html`<p class="lead">${all !== null && lead}</p><div class="even">${groups.map((group) => groupTable(group, rows.length, draw))}</div>`,
  );
}

/** Builds the table of a group with one more column, in which the intervals are drawn. */
function groupTable(group: SliceGroup, rows: number, draw: (slice: Slice) => Html): Html {
  const table = sliceTable(group, rows);
  return tableMarkup({
    caption: table.caption,
    columns: table.columns.toSpliced(2, 0, textColumn("95\u00a0% interval")),
    rows: group.slices.map((slice, index) => {
      const cells = table.rows[index] ?? [];
      const drawn = { markup: draw(slice), sort: slice.logLoss.value };
      return [...cells.slice(0, 2), drawn, ...cells.slice(2)];
    }),
  });
}
