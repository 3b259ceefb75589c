import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ANOMALY_MEANINGS, type AnomalyKind } from "../../src/dataset/anomalies.ts";
import { openDataset } from "../../src/dataset/open-dataset.ts";

const ROWS = fileURLToPath(new URL("../../examples/rows.csv", import.meta.url));

test("the example rows are read whole, and every anomaly that the reader counts is among them", async () => {
  await using dataset = await openDataset(ROWS, {});
  expect(dataset.ids).toHaveLength(91);
  const absent = (Object.keys(ANOMALY_MEANINGS) as AnomalyKind[]).filter((kind) => dataset.anomalies[kind].count === 0);
  // A list as Python prints it is a slip of a whole file, which the example is not.
  expect(absent).toEqual(["pythonList"]);
});

test("the labels of the example rows are all known", async () => {
  await using dataset = await openDataset(ROWS, {});
  expect(dataset.truth?.values).toHaveLength(3 * 91);
  expect(dataset.truth?.values.reduce((sum, weight) => sum + weight, 0)).toBe(91);
});
