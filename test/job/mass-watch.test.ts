import { expect, test } from "vitest";
import { createMassWatch } from "../../src/job/mass-watch.ts";

test("stops a job at the 60th row, and not before", () => {
  const { watch, said } = watching();
  add(watch, 59, 1e-5);
  expect(watch.stopped.aborted).toBe(false);
  add(watch, 1, 1e-5);
  expect(watch.stopped.aborted).toBe(true);
  expect(said).toEqual([]);
});

test("stops a smaller job at its end", () => {
  const { watch } = watching();
  add(watch, 5, 1e-5);
  watch.end();
  expect(watch.stopped.aborted).toBe(true);
});

test.each<[string, number, readonly number[]]>([
  ["a few low masses", 5, []],
  ["a few low masses of an earlier session", 0, [1e-5, 1e-5]],
])("counts as too low before the first verdict, and no longer when the median rises: %s", (_, rows, earlier) => {
  const { watch, said } = watching({ earlier });
  expect(watch.isTooLow()).toBe(earlier.length > 0);
  add(watch, rows, 1e-5);
  expect(watch.isTooLow()).toBe(true);
  add(watch, 10, 0.9);
  expect(watch.isTooLow()).toBe(false);
  expect(said).toEqual([]);
});

test("counts as too low to the end when it was stopped, and never when it is told to go on or was judged high", () => {
  const stopped = watching().watch;
  add(stopped, 60, 1e-5);
  add(stopped, 100, 0.9);
  expect(stopped.isTooLow()).toBe(true);
  const forced = watching({ force: true }).watch;
  add(forced, 5, 1e-5);
  expect(forced.isTooLow()).toBe(false);
  const high = watching().watch;
  add(high, 60, 0.9);
  add(high, 100, 1e-5);
  expect(high.isTooLow()).toBe(false);
});

test("goes on when it is told to, and warns once", () => {
  const { watch, said } = watching({ force: true });
  add(watch, 500, 1e-5);
  watch.end();
  expect(watch.stopped.aborted).toBe(false);
  expect(said).toEqual([expect.stringContaining("warn: The median label mass of 60 rows is 0.00001, below 0.01")]);
});

test("warns once of a low mass, at once", () => {
  const { watch, said } = watching({ prefix: "rules: " });
  add(watch, 60, 0.1);
  expect(said).toEqual([expect.stringContaining("warn: rules: The median label mass of 60 rows is 0.100, below 0.2")]);
  add(watch, 400, 0.1);
  watch.end();
  expect(said).toHaveLength(1);
});

test("says once that the mass is unknown", () => {
  const { watch, said } = watching();
  add(watch, 200, null);
  watch.end();
  expect(said).toEqual([expect.stringContaining("The label mass is unknown")]);
  expect(watch.stopped.aborted).toBe(false);
});

test("does not throw away hours: a mass that falls later is a warning", () => {
  const { watch, said } = watching();
  add(watch, 60, 0.9);
  add(watch, 1_000, 1e-5);
  watch.end();
  expect(watch.stopped.aborted).toBe(false);
  expect(said).toHaveLength(1);
});

test("judges the rows of earlier sessions before anything is sent", () => {
  const { watch } = watching({ earlier: new Array<number>(60).fill(1e-5) });
  expect(watch.stopped.aborted).toBe(false);
  watch.begin();
  expect(watch.stopped.aborted).toBe(true);
});

function watching(options: Partial<Parameters<typeof createMassWatch>[0]> = {}) {
  const said: string[] = [];
  const log = (level: string, text: string): void => void said.push(`${level}: ${text}`);
  return { watch: createMassWatch({ earlier: [], force: false, hasMass: true, log, ...options }), said };
}

function add(watch: ReturnType<typeof createMassWatch>, rows: number, mass: number | null): void {
  for (let row = 0; row < rows; row += 1) watch.add(mass);
}
