import { expect, test } from "vitest";
import { allEnded } from "../src/all-ended.ts";

test("gives the values in the order of the list", async () => {
  expect(await allEnded([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
  expect(await allEnded([])).toEqual([]);
});

test("throws the first error of the list, and not before all have ended", async () => {
  let refuse = (_: Error): void => {};
  const late = new Promise<void>((_, reject) => {
    refuse = reject;
  });
  let thrown: unknown = null;
  const all = allEnded([late, Promise.reject(new Error("second"))]).catch((error: unknown) => {
    thrown = error;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(thrown).toBeNull();
  refuse(new Error("first"));
  await all;
  expect(thrown).toEqual(new Error("first"));
});
