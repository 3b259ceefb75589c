import { expect, test } from "vitest";
import { earlyWatch } from "../../src/cli/early-watch.ts";

/** 2026-01-31 12:00 in UTC, ms. */
const START = 1_769_860_800_000;

test.each([
  { argv: ["run", "job.yaml", "--deadline", "10s"], endsAfterMs: 10_000 },
  { argv: ["run", "--deadline=10s", "job.yaml"], endsAfterMs: 10_000 },
  { argv: ["run", "--deadline", "9h", "--deadline", "1h"], endsAfterMs: 3_600_000 },
  { argv: ["run", "--deadline", "2026-01-31T13:00Z"], endsAfterMs: 3_600_000 },
])("$argv is watched from the start", ({ argv, endsAfterMs }) => {
  const watch = earlyWatch(argv, START);
  expect(watch).toMatchObject({ deadlineAt: START + endsAfterMs, output: null, complete: false });
  expect(watch?.at).toBeGreaterThan(START);
  expect(watch?.at).toBeLessThan(START + endsAfterMs);
});

test.each([
  [["run", "job.yaml"]],
  // The deadline of a bench and of a comparison is that of a later job.
  [["bench", "job.yaml", "--deadline", "9h"]],
  [["compare", "job.yaml", "--deadline", "9h"]],
  [["run", "--deadline"]],
  [["run", "--deadline", "soon"]],
  [["run", "--deadline", "2020-01-01"]],
  [["run", "--", "--deadline", "9h"]],
  [[]],
])("%j is not watched before the config is read", (argv) => {
  expect(earlyWatch(argv, START)).toBeNull();
});
