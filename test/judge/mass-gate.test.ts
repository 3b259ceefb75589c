import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeLowMass, GATE_ROWS, judgeMass, lowMassDetails } from "../../src/judge/mass-gate.ts";

const rows = (count: number, mass: number): readonly number[] => new Array<number>(count).fill(mass);

describe("the label mass of a job", () => {
  test.each([
    ["59 rows are too few", rows(59, 1e-5), 0, false, "too-few"],
    ["60 rows are enough", rows(60, 1e-5), 0, false, "too-low"],
    ["no row at all is too few, also at the end", [], 0, true, "too-few"],
    ["a job of fewer rows is judged at its end", rows(8, 1e-5), 0, true, "too-low"],
    ["just below a hundredth is too low", rows(60, 0.00999), 0, false, "too-low"],
    ["a hundredth is low", rows(60, 0.01), 0, false, "low"],
    ["just below a fifth is low", rows(60, 0.1999), 0, false, "low"],
    ["a fifth is high", rows(60, 0.2), 0, false, "high"],
    ["the median counts, not the mean", [...rows(31, 1e-5), ...rows(29, 1)], 0, false, "too-low"],
    ["29 rows without mass do not stop a job", [...rows(29, 1e-5), ...rows(31, 0.9)], 0, false, "high"],
    ["a server that gives no mass", [], 60, false, "unknown"],
    ["a server that gives no mass, in a small job", [], 3, true, "unknown"],
    ["two servers, one of which gives the mass", rows(30, 0.9), 30, false, "high"],
  ] as const)("%s", (_name, masses, unknown, ended, kind) => {
    expect(judgeMass({ masses, unknown, ended })).toMatchObject({ kind });
  });

  test("never gets a worse verdict when a mass grows", () => {
    const order = ["too-low", "low", "high"];
    const mass = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(mass, { minLength: GATE_ROWS, maxLength: 99 }), fc.nat(), mass, (masses, at, more) => {
        const larger = masses.map((one, k) => (k === at % masses.length ? Math.max(one, more) : one));
        const [before, after] = [masses, larger].map(
          (list) => judgeMass({ masses: list, unknown: 0, ended: false }).kind,
        );
        expect(order.indexOf(after as string)).toBeGreaterThanOrEqual(order.indexOf(before as string));
      }),
    );
  });

  test("is described by its number and what it means", () => {
    expect(describeLowMass({ median: 1.2e-5, rows: 60 })).toBe(
      "The median label mass of 60 rows is 0.000012, below 0.01: the model does not answer with a label, so its choice between the labels is a side effect.",
    );
    expect(describeLowMass({ median: 0.12, rows: 1 })).toContain("of 1 row is 0.120, below 0.2");
  });

  test("is explained with the end of a prompt, in which blanks and line breaks can be seen", () => {
    const details = lowMassDetails({ id: "7", prompt: `${"x".repeat(500)}<think>\n`, labels: 'a = " A" -> 288' }).join(
      "\n",
    );
    expect(details).toMatch(/^The prompt of row 7 ends with: "x{100,}<think>\\n"$/m);
    expect(details).toContain('a = " A" -> 288');
    for (const word of [
      "think block",
      "chat template",
      "base model",
      "abtie doctor",
      "answer prefix",
      "chat_template_kwargs",
      "--force",
    ]) {
      expect(details).toContain(word);
    }
  });
});
