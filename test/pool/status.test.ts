import { expect, test } from "vitest";
import { createStatus, type PoolStatus } from "../../src/pool/status.ts";

test("is up while one engine answers, recovering while one may come back, and given up when none will", () => {
  const status = createStatus(["one", "two"]);
  const seen: PoolStatus[] = [];
  status.subscribe((current) => seen.push(current));
  status.change("one", "lost");
  status.change("two", "lost");
  status.change("one", "given-up");
  status.change("two", "back");
  status.change("two", "lost");
  status.change("two", "given-up");
  expect(seen).toEqual(["up", "up", "recovering", "recovering", "up", "recovering", "given-up"]);
});

test("gives a late listener the status as it is", () => {
  const status = createStatus(["one"]);
  status.change("one", "lost");
  const seen: PoolStatus[] = [];
  status.subscribe((current) => seen.push(current));
  expect(seen).toEqual(["recovering"]);
});
