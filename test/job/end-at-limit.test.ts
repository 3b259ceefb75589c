import { describe, expect, test } from "vitest";
import { AbtieError } from "../../src/errors.ts";
import { endAtLimit } from "../../src/job/end-at-limit.ts";

const REASON = new AbtieError("interrupted", "the time for work is over");

describe("work that the limits of a run may stop", () => {
  test("gives its value, also when the limits abort meanwhile", async () => {
    expect(await endAtLimit(limitsOf(REASON), async () => 7)).toEqual({ value: 7 });
  });

  test.each<[string, unknown]>([
    ["the reason of the abort", REASON],
    ["an aborted operation", new DOMException("This operation was aborted", "AbortError")],
    [
      "an engine that was stopped while it started",
      new AbtieError("engine", "The server ended while it was starting."),
    ],
  ])("ends as the limits say with %s", async (_, error) => {
    const failing = () => Promise.reject(error);
    expect(await endAtLimit(limitsOf(REASON), failing)).toEqual({ stopped: "deadline" });
    const user = new AbortController();
    user.abort(REASON);
    const effects = { signal: user.signal };
    expect(await endAtLimit({ ...limitsOf(REASON), effects }, failing)).toEqual({ stopped: "interrupted" });
  });

  test.each<[string, Error]>([
    ["a bug", new TypeError("x is not a function")],
    ["a file that cannot be read", new AbtieError("data", "cannot read rows.csv")],
    ["a model that does not fit", new AbtieError("config", "the model has changed")],
  ])("throws %s, which the abort does not explain", async (_, error) => {
    await expect(endAtLimit(limitsOf(REASON), () => Promise.reject(error))).rejects.toBe(error);
  });

  test("throws every error before the abort", async () => {
    const error = new AbtieError("engine", "The server ended while it was starting.");
    await expect(endAtLimit(limitsOf(null), () => Promise.reject(error))).rejects.toBe(error);
  });
});

function limitsOf(reason: Error | null) {
  const controller = new AbortController();
  if (reason !== null) controller.abort(reason);
  return { limits: { signal: controller.signal }, effects: { signal: new AbortController().signal } };
}
