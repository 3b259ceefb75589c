import type { TimelineForecast, Timing } from "../../runfolder/timeline/timeline.ts";
import type { Obtained } from "../../types.ts";
import type { Baseline, ReportRow, Scores, SliceGroup } from "../data/run-data.ts";
import { duration, percent, range, signed } from "../text/number.ts";
import {
  countCell,
  eceCell,
  estimateCell,
  loss,
  numberCell,
  numberColumn,
  rate,
  type Table,
  textColumn,
  yesCell,
} from "./table.ts";

/**
 * Lists the scores of each set of probabilities with 95 % intervals, and the baselines with which they are compared.
 */
export function scoreTable(scores: readonly Scores[], baselines: readonly Baseline[]): Table {
  const none = { text: "" };
  return {
    caption: "Scores with 95\u00a0% intervals",
    columns: [
      textColumn("Probabilities"),
      numberColumn("Rows"),
      numberColumn("Log loss", "nats, lower is better"),
      numberColumn("Accuracy"),
      numberColumn("Brier score", "sum over the classes, lower is better"),
      numberColumn("ECE", "expected calibration error, lower is better"),
    ],
    rows: [
      ...scores.map((one) => [
        { text: one.name },
        countCell(one.rows),
        estimateCell(one.logLoss, loss),
        estimateCell(one.accuracy, rate),
        estimateCell(one.brier, loss),
        eceCell(one),
      ]),
      ...baselines.map(({ name, logLoss, gain }) => {
        const ends = range(gain, (value) => signed(value, 3));
        const below = `for comparison; gain over it ${signed(gain.value, 3)}${ends && `, ${ends}`}`;
        return [{ text: name, below }, none, numberCell(logLoss, loss), none, none, none];
      }),
    ],
  };
}

/** Lists the scores of slices of the rows by one property. `rows` is the number of all rows. */
export function sliceTable({ name, slices }: SliceGroup, rows: number): Table {
  return {
    caption: `By ${name.slice(0, 1).toLowerCase()}${name.slice(1)}`,
    columns: [
      textColumn(name),
      numberColumn("Log loss"),
      numberColumn("Accuracy"),
      numberColumn("ECE"),
      numberColumn("Rows"),
      numberColumn("Share"),
    ],
    rows: slices.map((slice) => [
      { text: slice.name },
      estimateCell(slice.logLoss, loss),
      estimateCell(slice.accuracy, rate),
      numberCell(slice.ece, loss),
      countCell(slice.rows),
      numberCell(slice.rows / rows, percent),
    ]),
  };
}

/** The text for each source of a row's probabilities, from best to worst. */
export const SOURCE_TEXT: Readonly<Record<Obtained, string>> = {
  "second-judge-both-orders": "also the second judge, both orders",
  "second-judge-one-order": "also the second judge, one order",
  "both-orders": "both orders, averaged",
  "one-order": "one order",
  "one-order-short": "one order, shorter context",
  prior: "fallback, not answered",
};

/** The sources from best to worst. */
export const SOURCES = Object.keys(SOURCE_TEXT) as readonly Obtained[];

/**
 * Lists for each source that occurs the number of rows, the number of shortened rows, and the mean tokens of a row.
 */
export function sourceTable(rows: readonly ReportRow[]): Table {
  const groups = SOURCES.map((source) => ({ source, members: rows.filter((row) => row.source === source) }));
  return {
    caption: "Rows by source",
    columns: [
      textColumn("Source"),
      numberColumn("Rows"),
      numberColumn("Share"),
      numberColumn("Shortened", "rows of which tokens were taken out to fit the budget"),
      numberColumn("Tokens per row"),
    ],
    rows: groups
      .filter(({ members }) => members.length > 0)
      .map(({ source, members }) => [
        { text: SOURCE_TEXT[source], sort: SOURCES.indexOf(source) },
        countCell(members.length),
        numberCell(members.length / rows.length, rate),
        countCell(members.filter(({ cutTokens }) => cutTokens > 0).length),
        countCell(meanTokens(members)),
      ]),
  };
}

function meanTokens(rows: readonly ReportRow[]): number {
  const sent = rows.flatMap(({ tokens }) => tokens ?? []);
  return sent.reduce((sum, tokens) => sum + tokens, 0) / sent.length;
}

/** Number of reasons that are listed; the rest is added up. */
const REASONS = 12;

/** Counts the reasons why rows have no full answer, the most frequent reason first. */
export function reasonTable(rows: readonly ReportRow[]): Table {
  const counts = new Map<string, number>();
  for (const { reason } of rows) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  const rest = sorted.slice(REASONS).reduce((sum, [, many]) => sum + many, 0);
  const listed = [...sorted.slice(0, REASONS), ...(rest > 0 ? [["other reasons", rest] as const] : [])];
  return {
    caption: "Why rows hold less than a full answer",
    columns: [textColumn("Reason"), numberColumn("Rows"), numberColumn("Share")],
    rows: listed.map(([reason, many]) => [{ text: reason }, countCell(many), numberCell(many / rows.length, rate)]),
  };
}

/** Compares the forecasts nearest to 2, 10 and 50 % of the work with the actual end of the pass that they forecast. */
export function forecastTable(forecasts: readonly TimelineForecast[], { wallMs, firstPassMs }: Timing): Table {
  const ends = { 1: firstPassMs ?? wallMs, 2: wallMs };
  const picked = [0.02, 0.1, 0.5].flatMap((share) => forecasts.find((point) => point.share >= share) ?? []);
  return {
    caption: "Errors of the forecast",
    columns: [
      numberColumn("Work done"),
      numberColumn("Forecast of the end"),
      numberColumn("Error"),
      textColumn("Interval held", "whether the actual end lies in the 90 % interval"),
    ],
    rows: [...new Set(picked)].map((point) => {
      const end = ends[point.pass];
      const interval = { value: point.endMs, low: point.lowMs, high: point.highMs };
      return [
        numberCell(point.share, percent),
        estimateCell(interval, duration),
        numberCell((point.endMs - end) / end, (error) => `${signed(100 * error, 1)}\u00a0%`),
        yesCell(point.lowMs <= end && end <= point.highMs),
      ];
    }),
  };
}
