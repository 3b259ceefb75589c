import type { ClassMatrix } from "../class-matrix.ts";
import { ANOMALY_MEANINGS, type Anomaly, type AnomalyKind } from "../dataset/anomalies.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { placeOfRow } from "../dataset/place.ts";
import { plural } from "../format.ts";
import { labelsFor } from "../metrics/labels-for.ts";
import type { Classes } from "../types.ts";
import { type Finding, ok, warning } from "./finding.ts";

/**
 * Describes the rows: their number, the longest one, whether they have labels that the judge can give, and the anomalies, each with
 * the first lines that have it.
 */
export function describeData(dataset: Dataset, classes: Classes): readonly Finding[] {
  const { ids, rowBytes, lines, truth, anomalies, notes, slips } = dataset;
  const longest = rowBytes.indexOf(rowBytes.reduce((most, bytes) => Math.max(most, bytes), 0));
  const size = `${plural(ids.length, "row")}, ${(dataset.bytes / 1e6).toFixed(1)} MB`;
  const found = (Object.entries(anomalies) as [AnomalyKind, Anomaly][])
    .filter(([, { count }]) => count > 0)
    .map(([kind, { count, lines: first }]) => {
      return `${plural(count, "row")}: ${ANOMALY_MEANINGS[kind]} (${first.map((line) => placeOfRow(dataset, lines.indexOf(line))).join(", ")}${count > first.length ? ", ..." : ""})`;
    });
  return [
    ok("rows", `${size}; longest: ${placeOfRow(dataset, longest)}, ${plural(rowBytes[longest] ?? 0, "byte")}`),
    ok("label columns", labelsText(truth, classes)),
    ...notes.map((note) => ok("columns", note)),
    ...slips.map(({ finding, remedy }) => warning("columns", finding, remedy)),
    ...(found.length === 0 ? [] : [ok("anomalies", found.join("\n"))]),
    ...(ids.length < 20
      ? [warning("rows", `only ${plural(ids.length, "row")}`, "nothing to do, but forecasts need more rows")]
      : []),
  ];
}

function labelsText(truth: ClassMatrix | null, classes: Classes): string {
  if (truth === null) return "none; scoring needs none";
  const { ties } = labelsFor(classes, truth);
  if (ties === 0) return "the file has labels";
  return `the file has labels; scores leave out ${plural(ties, "row")} of them that are ties, because the judge knows no tie`;
}
