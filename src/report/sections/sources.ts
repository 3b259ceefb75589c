import { stackedBar } from "../charts/stacked.ts";
import type { ReportData } from "../data/run-data.ts";
import { html } from "../markup/html.ts";
import { judgesSentence, judgesTable } from "../tables/judges-table.ts";
import { reasonTable, SOURCE_TEXT, SOURCES, sourceTable } from "../tables/run-tables.ts";
import { counted } from "../text/number.ts";
import { leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";

/**
 * Shows the source of each row's probabilities, the number of shortened rows, and the reasons why rows have no full
 * answer.
 */
export function sources({ rows, judges }: ReportData): Section {
  if (rows.length === 0) return leftOut("Sources of the rows", "there are no rows");
  const parts = SOURCES.map((source, index) => {
    const value = rows.filter((row) => row.source === source).length;
    return { value, text: `${SOURCE_TEXT[source]}: ${counted(value, "row")}`, colour: `o-${index + 1}` };
  });
  const table = sourceTable(rows);
  const keyed = table.rows.map(([source = { text: "" }, ...cells]) => [
    {
      markup: html`<span class="key"><i class="k-${Number(source.sort) + 1}"></i>${source.text}</span>`,
      sort: source.sort ?? "",
    },
    ...cells,
  ]);
  const reasons = reasonTable(rows);
  return section(
    "sources",
    "Sources of the rows",
    html`${stackedBar(
      "strip",
      parts.filter(({ value }) => value > 0),
    )}${tableMarkup({ ...table, rows: keyed })}
${reasons.rows.length === 0 ? html`<p class="after-table">Every row holds a full answer.</p>` : tableMarkup(reasons)}
${judges === null ? "" : html`${tableMarkup(judgesTable(judges))}<p class="after-table">${judgesSentence(judges)}</p>`}`,
  );
}
