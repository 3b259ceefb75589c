import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RowReading, type RowRecord, readRows, writeRows } from "../../src/runfolder/rows-file.ts";
import { temporaryFolder } from "./samples.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const logProb = fc.oneof(
  finite.map((value) => 0 - Math.abs(value)),
  fc.constant(Number.NEGATIVE_INFINITY),
);
const mass = fc.double({ noNaN: true, min: 0, max: 1 }).map((value) => value + 0);
const reading: fc.Arbitrary<RowReading> = fc.record({
  logProbs: fc.tuple(logProb, logProb, logProb),
  mass: fc.option(mass),
  bounded: fc.boolean(),
  tokens: fc.nat(),
  cutTokens: fc.nat(),
  neutralised: fc.nat(),
  short: fc.boolean(),
});
const record: fc.Arbitrary<RowRecord> = fc.record({
  id: fc.string({ unit: "binary" }),
  probabilities: fc.tuple(finite, finite, finite),
  obtained: fc.constantFrom("both-orders", "one-order", "one-order-short", "prior"),
  reason: fc.option(fc.string()),
  attempts: fc.nat(),
  ab: fc.option(reading),
  ba: fc.option(reading),
});

const readAll = async (path: string): Promise<RowRecord[]> => {
  const rows: RowRecord[] = [];
  for await (const row of readRows(path)) rows.push(row);
  return rows;
};

describe("rows.jsonl", () => {
  test("reads back as it was written, to the last bit", async () => {
    const path = join(await temporaryFolder(), "rows.jsonl");
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 8 }), async (rows) => {
        await writeRows(path, rows);
        expect(await readAll(path)).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  test("names file and line of what is no row, also when the last one is torn", async () => {
    const path = join(await temporaryFolder(), "rows.jsonl");
    const row: RowRecord = {
      id: "7",
      probabilities: [0.2, 0.3, 0.5],
      obtained: "prior",
      reason: "not reached",
      attempts: 0,
      ab: null,
      ba: null,
    };
    await writeRows(path, [row]);
    await appendFile(path, JSON.stringify(row));
    await expect(readAll(path)).rejects.toMatchObject({
      code: "data",
      message: expect.stringContaining(`${path}, line 2`),
    });
    await writeRows(path, [row]);
    await appendFile(path, '{"id":"8"}\n');
    await expect(readAll(path)).rejects.toMatchObject({
      details: expect.arrayContaining([expect.stringContaining("probabilities")]),
    });
  });
});
