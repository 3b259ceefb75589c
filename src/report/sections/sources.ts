import { mean } from "../../numbers/sums.ts";
import type { Obtained } from "../../types.ts";
import { stackedBar } from "../charts/stacked.ts";
import type { ReportData, ReportRow } from "../data/run-data.ts";
import { html } from "../markup/html.ts";
import { count, counted, percent } from "../text/number.ts";
import { leftOut, type Section, shown } from "./section.ts";
import { type Cell, countCell, numberCell, table } from "./table.ts";

/** What each way to obtain a row means, from best to worst. */
export const OBTAINED_TEXT: Readonly<Record<Obtained, string>> = {
  "both-orders": "both orders, averaged",
  "one-order": "one order",
  "one-order-short": "one order, shorter context",
  prior: "prior, not answered",
};

const WAYS = ["both-orders", "one-order", "one-order-short", "prior"] as const satisfies readonly Obtained[];
const REASONS = 12;

/** Shows how rows were obtained, how many were shortened, and why rows hold less than a full answer. */
export function obtained({ rows }: ReportData): Section {
  if (rows.length === 0) return leftOut("How rows were obtained", "there are no rows");
  const groups = WAYS.map((way, index) => ({ way, index, members: rows.filter((row) => row.obtained === way) }));
  const used = groups.filter(({ members }) => members.length > 0);
  const parts = used.map(({ way, index, members }) => ({
    value: members.length,
    text: `${OBTAINED_TEXT[way]}: ${counted(members.length, "row")}`,
    colour: `o-${index + 1}`,
  }));
  const columns = [
    { name: "How", numeric: false },
    { name: "Rows", numeric: true },
    { name: "Share", numeric: true },
    { name: "Shortened", numeric: true, hint: "rows of which tokens were taken out to fit the budget" },
    { name: "Tokens per row", numeric: true },
  ];
  const lines = used.map(({ way, index, members }): Cell[] => [
    { body: html`<span class="key"><i class="k-${index + 1}"></i>${OBTAINED_TEXT[way]}</span>`, sort: index },
    countCell(members.length),
    numberCell(members.length / rows.length, (value) => percent(value, 1)),
    countCell(members.filter(({ cutTokens }) => cutTokens > 0).length),
    numberCell(meanTokens(members), count),
  ]);
  return shown(
    "obtained",
    "How rows were obtained",
    html`${stackedBar("strip", parts)}${table("Rows by how they were obtained", columns, lines)}${reasons(rows)}`,
  );
}

function meanTokens(rows: readonly ReportRow[]): number | null {
  const sent = rows.flatMap(({ tokens }) => tokens ?? []);
  return sent.length === 0 ? null : mean(sent);
}

function reasons(rows: readonly ReportRow[]) {
  const counts = new Map<string, number>();
  for (const { reason } of rows) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  if (sorted.length === 0) return html`<p class="after-table">Every row holds a full answer.</p>`;
  const rest = sorted.slice(REASONS).reduce((sum, [, many]) => sum + many, 0);
  const lines = [...sorted.slice(0, REASONS), ...(rest > 0 ? [["other reasons", rest] as const] : [])];
  const columns = [
    { name: "Why a row holds less than a full answer", numeric: false },
    { name: "Rows", numeric: true },
    { name: "Share", numeric: true },
  ];
  return table(
    "Reasons",
    columns,
    lines.map(([reason, many]) => [
      { body: reason },
      countCell(many),
      numberCell(many / rows.length, (value) => percent(value, 1)),
    ]),
  );
}
