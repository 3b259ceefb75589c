import { ANOMALY_MEANINGS, type Anomaly, type AnomalyKind } from "../dataset/anomalies.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Describes the rows: how many, the longest, whether labels are there, and each anomaly with the first lines that have it. */
export function describeData(dataset: Dataset): readonly Finding[] {
  const { ids, rowBytes, lines, truth, anomalies } = dataset;
  const longest = rowBytes.indexOf(rowBytes.reduce((most, bytes) => Math.max(most, bytes), 0));
  const size = `${ids.length.toLocaleString("en-US")} rows, ${(dataset.bytes / 1e6).toFixed(1)} MB`;
  const found = (Object.entries(anomalies) as [AnomalyKind, Anomaly][])
    .filter(([, { count }]) => count > 0)
    .map(([kind, { count, lines: first }]) => {
      return ok(
        "anomaly",
        `${count} rows: ${ANOMALY_MEANINGS[kind]} (line ${first.join(", ")}${count > first.length ? ", ..." : ""})`,
      );
    });
  return [
    ok("rows", `${size}; longest at line ${lines[longest]} (${rowBytes[longest]?.toLocaleString("en-US")} bytes)`),
    ok("labels", truth === null ? "the file has no label columns, which scoring does not need" : "the file has labels"),
    ...found,
    ...(ids.length < 20 ? [warning("rows", `only ${ids.length} rows`, "nothing to do; forecasts need more")] : []),
  ];
}
