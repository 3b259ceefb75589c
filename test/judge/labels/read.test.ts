import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classesOf, softmax } from "../../../src/classes.ts";
import type { TokenLogProbs } from "../../../src/engine/dialects/dialect.ts";
import { planProbes } from "../../../src/judge/generative/labels/probes.ts";
import { readLabels } from "../../../src/judge/generative/labels/read.ts";
import type { ResolvedLabels } from "../../../src/judge/generative/labels/resolve.ts";
import type { ClassName, PerClass } from "../../../src/types.ts";

interface Golden {
  readonly sequences: readonly { readonly label: ClassName; readonly ids: readonly number[] }[];
  readonly model: readonly { readonly suffix: readonly number[]; readonly logProbs: readonly number[] }[];
  readonly logProbs: PerClass;
  readonly mass: number;
  readonly probabilities: PerClass;
}

const golden = JSON.parse(
  await readFile(new URL("../../fixtures/labels/golden.json", import.meta.url), "utf8"),
) as Golden[];

function labelsOf(sequences: Golden["sequences"]): ResolvedLabels {
  return {
    classes: classesOf(sequences.some(({ label }) => label === "tie")),
    sequences: sequences.map((sequence) => ({ ...sequence, text: "" })),
    probes: planProbes(sequences.map(({ ids }) => ids)),
    dropTail: 0,
    tail: [1],
  };
}

const PLAIN = labelsOf([
  { label: "a", ids: [1] },
  { label: "b", ids: [2] },
  { label: "tie", ids: [3] },
]);

function answer(logProbs: Readonly<Record<number, number>>, rest: Partial<TokenLogProbs> = {}): TokenLogProbs {
  return {
    logProbs: new Map(Object.entries(logProbs).map(([id, value]) => [Number(id), value])),
    bound: null,
    absolute: true,
    ...rest,
  };
}

describe("readLabels", () => {
  test("combines sequences and variants as scipy does", () => {
    expect(golden.length).toBe(40);
    expect(golden.some(({ sequences }) => sequences.length > 4)).toBe(true);
    for (const { sequences, model, logProbs, mass, probabilities } of golden) {
      const labels = labelsOf(sequences);
      const answers = labels.probes.map(({ suffix, ids }) => {
        const known = model.find((entry) => entry.suffix.join() === suffix.join())?.logProbs ?? [];
        return answer(Object.fromEntries(ids.map((id) => [id, known[id] ?? Number.NaN])));
      });
      const reading = readLabels(labels, answers);
      expect(reading.bounded).toBe(false);
      expect(reading.mass).toBeCloseTo(mass, 10);
      for (const i of [0, 1, 2] as const) {
        expect(reading.logProbs[i]).toBeCloseTo(logProbs[i] ?? Number.NaN, 9);
        expect(softmax(reading.logProbs)[i]).toBeCloseTo(probabilities[i] ?? Number.NaN, 10);
      }
    }
  });

  test("uses the bound for a token outside of the top ones, and flags the reading", () => {
    const reading = readLabels(PLAIN, [answer({ 1: -0.5, 2: -1.5 }, { bound: -6 })]);
    expect(reading).toMatchObject({ logProbs: [-0.5, -1.5, -6], bounded: true });
    expect(readLabels(PLAIN, [answer({ 1: -0.5, 2: -1.5, 3: -9 }, { bound: -6 })]).bounded).toBe(false);
  });

  test("has no mass when any answer is relative to the labels", () => {
    expect(readLabels(PLAIN, [answer({ 1: -1, 2: -1, 3: -1 }, { absolute: false })]).mass).toBeNull();
  });

  test("takes rounding above 0 for 0, and keeps the mass within 1", () => {
    const { logProbs, mass } = readLabels(PLAIN, [answer({ 1: 5e-4, 2: -9999, 3: -9999 })]);
    expect(logProbs[0]).toBe(0);
    expect(mass).toBe(1);
  });

  test("refuses answers that cannot be meant", () => {
    const bad: readonly (readonly [TokenLogProbs[], RegExp])[] = [
      [[answer({ 1: -1, 2: -1 })], /lacks token 3/],
      [[answer({ 1: -1, 2: Number.NaN, 3: -1 })], /token 2 is NaN/],
      [[answer({ 1: -1, 2: -1, 3: 0.01 })], /token 3 is 0\.01/],
      [[answer({ 1: -Infinity, 2: -Infinity, 3: -Infinity })], /every label has probability 0/],
      [[], /expected 1 answers, one for each probe, and got 0/],
    ];
    for (const [answers, message] of bad) expect(() => readLabels(PLAIN, answers)).toThrow(message);
  });

  test("gives probabilities that sum to 1 and swap with the labels, however small the log probabilities", () => {
    const value = fc.double({ min: -9999, max: 0, noNaN: true });
    fc.assert(
      fc.property(value, value, value, (a, b, tie) => {
        const [pa, pb, ptie = 0] = softmax(readLabels(PLAIN, [answer({ 1: a, 2: b, 3: tie })]).logProbs);
        expect(pa + pb + ptie).toBeCloseTo(1, 12);
        const [qa, qb, qtie = 0] = softmax(readLabels(PLAIN, [answer({ 1: b, 2: a, 3: tie })]).logProbs);
        for (const [p, q] of [
          [pa, qb],
          [pb, qa],
          [ptie, qtie],
        ] as const)
          expect(p).toBeCloseTo(q, 12);
      }),
    );
  });
});
