import { expect, test } from "vitest";
import { error, type Finding, ok, warning } from "../../src/doctor/finding.ts";
import { describeVerdict, worstFirst } from "../../src/doctor/verdict.ts";

const FINDINGS: readonly Finding[] = [
  ok("prompt", "the whole prompt"),
  ok("rows", "3 rows"),
  warning("label mass", "0.1", "change the labels"),
  error("server", "does not answer", "start it"),
  ok("labels", "A, B, tie"),
];

test("errors stand first, then warnings, and the whole prompt last", () => {
  expect(worstFirst(FINDINGS).map(({ check }) => check)).toEqual(["server", "label mass", "rows", "labels", "prompt"]);
});

test.each([
  [FINDINGS, "A run would fail: 1 error, 1 warning."],
  [FINDINGS.slice(0, 3), "A run would work: no errors, 1 warning."],
  [[], "A run would work: no errors, no warnings."],
])("the verdict counts errors and warnings", (findings, verdict) => {
  expect(describeVerdict(findings)).toBe(verdict);
});
