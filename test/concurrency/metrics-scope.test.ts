import fc from "fast-check";
import { expect, test } from "vitest";
import { afterCounts, type MetricsScope, type PollCounts, UNKNOWN_SCOPE } from "../../src/concurrency/metrics-scope.ts";

/** Polls of a server that has counted `share` of all prompt tokens: those that were answered, and a part of those in flight. */
function polls(share: number, steps: readonly number[], inFlight: number, computed: number): readonly PollCounts[] {
  let answered = 0;
  return steps.map((tokens) => {
    answered += tokens;
    return { counted: 1_000 + share * (answered + computed * inFlight), answered, inFlight };
  });
}

const judge = (counts: readonly PollCounts[]): MetricsScope["kind"] => counts.reduce(afterCounts, UNKNOWN_SCOPE).kind;

test.each([
  ["one poll says nothing", 1, [1_000], "unknown"],
  ["few answers say nothing", 0.25, [1_000, 700], "unknown"],
  ["a single server counts everything", 1, [1_000, 900], "whole"],
  ["one of two workers counts half", 0.5, [1_000, 900], "part"],
  ["one of eight workers counts an eighth", 0.125, [1_000, 900, 10], "part"],
])("%s", (_name, share, steps, kind) => {
  expect(judge(polls(share, steps, 100, 0.5))).toBe(kind);
});

test("a server that does not count prompt tokens stays unknown", () => {
  const counts = [0, 5_000].map((answered) => ({ counted: null, answered, inFlight: 10 }));
  expect(judge(counts)).toBe("unknown");
});

test("a counter that begins anew is a server that was started again, and is judged anew", () => {
  const first = polls(1, [1_000, 900], 100, 0.5);
  const restarted = { counted: 5, answered: 2_000, inFlight: 100 };
  expect(judge([...first, restarted])).toBe("unknown");
  expect(judge([...first, restarted, { counted: 1_905, answered: 3_900, inFlight: 100 }])).toBe("whole");
});

test("no single server is taken for a part, however much of what is in flight it has computed at each poll", () => {
  const step = fc.integer({ min: 0, max: 5_000 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, share), { maxLength: 30 }),
      fc.integer({ min: 1, max: 2_000 }),
      (steps, inFlight) => {
        let answered = 0;
        const counts = steps.map(([tokens, computed]) => {
          answered += tokens;
          return { counted: answered + computed * inFlight, answered, inFlight };
        });
        expect(judge(counts)).not.toBe("part");
      },
    ),
  );
});
