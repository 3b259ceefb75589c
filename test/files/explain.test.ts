import { expect, test } from "vitest";
import { AbtieError } from "../../src/errors.ts";
import { explainFileError } from "../../src/files/explain.ts";

test("quotes the system for a failure that it has no advice for, and keeps the cause", () => {
  const cause = Object.assign(new Error("EXDEV: cross-device link"), { code: "EXDEV", syscall: "rename" });
  const error = explainFileError("write", "a.csv", cause);
  expect(error).toBeInstanceOf(AbtieError);
  expect(error).toMatchObject({
    message: "cannot write a.csv (EXDEV): the system reports: EXDEV: cross-device link.",
    cause,
  });
});

test("passes an error on that is not about files", () => {
  const error = new TypeError("a bug");
  expect(explainFileError("write", "a.csv", error)).toBe(error);
});
