import { join } from "node:path";
import { expect, test } from "vitest";
import { matrixOf } from "../../src/class-matrix.ts";
import { compareWithTraining } from "../../src/training/held-out.ts";
import { CLASSES } from "../../src/types.ts";
import { temporaryFolder } from "../helpers/folder.ts";

test("compares the answers of a served model with those of the training, by id and in the order of the file", async () => {
  const line = (id: string, order: string, shares: readonly number[]): string =>
    JSON.stringify({ id, order, logits: shares.map((share) => Math.log(share) + 3) });
  const folder = await temporaryFolder({
    "held_out.jsonl": [
      line("2", "ab", [0.5, 0.25, 0.25]),
      line("2", "ba", [0.1, 0.1, 0.8]),
      line("1", "ab", [0.2, 0.2, 0.6]),
    ].join("\n"),
  });
  const readings = matrixOf(CLASSES, [
    [Math.log(0.2), Math.log(0.3), Math.log(0.5)],
    [Math.log(0.5), Math.log(0.25), Math.log(0.25)],
  ]);
  const file = join(folder, "held_out.jsonl");
  const found = await compareWithTraining(file, { ids: ["1", "2"], readings });
  expect(found?.rows).toBe(2);
  expect(found?.largest).toBeCloseTo(0.1, 12);
  expect(found?.mean).toBeCloseTo(0.2 / 6, 12);
  expect(await compareWithTraining(file, { ids: ["9"], readings: matrixOf(CLASSES, [[-1, -1, -1]]) })).toBeNull();
});
