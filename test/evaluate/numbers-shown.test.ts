import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matrixOf } from "../../src/class-matrix.ts";
import { perClass } from "../../src/classes.ts";
import { evaluate } from "../../src/metrics/evaluate.ts";
import { qualityOf } from "../../src/report/from-run/quality.ts";
import { CLASSES, DEFAULT_COLUMNS } from "../../src/types.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";

/** Rows with few prompts: their bootstrap intervals exceed the range of their scores, or have no finite ends. */
const rows = fc.array(
  fc.record({
    p: fc.tuple(fc.integer({ min: 1, max: 98 }), fc.integer({ min: 1, max: 98 })).map(([a, b]) => {
      const share = a / (a + b + 1);
      return [share, b / (a + b + 1), 1 / (a + b + 1)] as const;
    }),
    truth: fc.integer({ min: 0, max: 2 }),
    group: fc.integer({ min: 0, max: 6 }),
  }),
  { minLength: 1, maxLength: 12 },
);

describe("the numbers of evaluate", () => {
  test("have intervals within the range of their score, also in JSON, whatever the rows", () => {
    void fc.assert(
      fc.property(rows, (list) => {
        const scored = {
          probabilities: matrixOf(
            CLASSES,
            list.map(({ p }) => p),
          ),
          truth: matrixOf(
            CLASSES,
            list.map(({ truth }) => perClass(CLASSES, (_, k) => Number(k === truth))),
          ),
          groups: Uint32Array.from(list, ({ group }) => group),
        };
        const { accuracy, brier, logLoss } = evaluate(scored, { seed: 1, resamples: 200 });
        for (const [estimate, most] of [
          [accuracy, 1],
          [brier, 2],
          [logLoss, Number.POSITIVE_INFINITY],
        ] as const) {
          const { low, high } = estimate.error?.interval ?? { low: 0, high: 0 };
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  test("print no interval beyond 0 and 100 %, and nothing that is not finite, for a handful of rows", async () => {
    const table = Array.from({ length: 9 }, (_, k) => ({
      id: `r${k}`,
      prompt: `p${Math.min(k, 4)}`,
      response_a: "x".repeat(k),
      response_b: "y",
      winner: k === 8 ? "B" : "A",
    }));
    const folder = await temporaryFolder();
    await writeFile(join(folder, "labels.csv"), stringify(table, { header: true }));
    const submitted = table.map(({ id }) => [id, "0.700000", "0.200000", "0.100000"]);
    await writeFile(join(folder, "s.csv"), stringify([["id", ...DEFAULT_COLUMNS.labels], ...submitted]));
    const { status, stdout } = await inProcess(["evaluate", "s.csv", "--labels", "labels.csv"], folder);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
    const shares = [...stdout.matchAll(/(-?[\d.]+) %/g)].map(([, share]) => Number(share));
    expect(shares.length).toBeGreaterThan(5);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...shares)).toBeLessThanOrEqual(100);
  });

  test("give a reliability diagram of few rows few bins: one for every 15 rows, at most 15", () => {
    for (const [count, most] of [
      [9, 1],
      [40, 3],
      [1000, 15],
    ] as const) {
      const tops = Array.from({ length: count }, (_, k) => 0.4 + (0.5 * k) / count);
      const probabilities = tops.flatMap((p) => [p, (1 - p) / 2, (1 - p) / 2]);
      const written = { classes: CLASSES, values: Float64Array.from(probabilities) };
      const truth = { classes: CLASSES, values: Float64Array.from(probabilities, (_, k) => Number(k % 3 === 0)) };
      const scored = { probabilities: written, truth, groups: Uint32Array.from({ length: count }, (_, row) => row) };
      const evaluation = evaluate(scored, { seed: 1, resamples: 50 });
      const scores = [{ name: "as written", rows: count, evaluation }];
      const { quality } = qualityOf({ scores, swap: null, slices: [] } as never, scored);
      for (const { bins } of quality?.reliability ?? []) {
        expect(bins.length).toBeGreaterThan(0);
        expect(bins.length).toBeLessThanOrEqual(most);
      }
    }
  });
});
