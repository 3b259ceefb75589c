import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { densityTriangles } from "../../src/report/charts/density.ts";
import { triangle } from "../../src/report/charts/triangle.ts";
import type { ReportRow } from "../../src/report/data/run-data.ts";
import type { PerClass } from "../../src/types.ts";
import { allPoints, cloud, viewBox } from "./geometry.ts";

const row = (probabilities: PerClass, truth: PerClass | null = null): ReportRow => ({
  id: "1",
  probabilities,
  truth,
  mass: null,
  tokens: null,
  cutTokens: 0,
  source: "one-order",
  reason: null,
});

const triples: fc.Arbitrary<PerClass> = fc
  .tuple(...([0, 1, 2].map(() => fc.double({ min: 0, max: 1, noNaN: true })) as [D, D, D]))
  .filter(([a, b, tie]) => a + b + tie > 1e-6)
  .map(([a, b, tie]) => [a / (a + b + tie), b / (a + b + tie), tie / (a + b + tie)]);
type D = fc.Arbitrary<number>;

/** Corners of the drawn triangle, read from the picture itself. */
function corners(markup: string): { a: P; b: P; tie: P } {
  const [a, b, tie] = (/class="tri" d="M([^z]*)z"/.exec(markup)?.[1] ?? "").split("L").map((text) => {
    const [x = 0, y = 0] = text.split(" ").map(Number);
    return { x, y };
  }) as [P, P, P];
  return { a, b, tie };
}
type P = { readonly x: number; readonly y: number };

describe("the triangle", () => {
  test("is equilateral, with A at the left, B at the right and the tie on top", () => {
    const { a, b, tie } = corners(triangle([row([1, 0, 0])], []).markup);
    expect(a.x).toBeLessThan(b.x);
    expect(tie.y).toBeLessThan(a.y);
    expect(a.y).toBe(b.y);
    expect(Math.hypot(tie.x - a.x, tie.y - a.y)).toBeCloseTo(b.x - a.x, 0);
  });

  test("puts every row where its probabilities weigh the corners", () => {
    fc.assert(
      fc.property(triples, (p) => {
        const picture = triangle([row(p)], []);
        const { a, b, tie } = corners(picture.markup);
        const [point] = cloud(picture);
        expect(Math.abs((point?.x ?? 0) - (p[0] * a.x + p[1] * b.x + (p[2] ?? 0) * tie.x))).toBeLessThanOrEqual(0.11);
        expect(Math.abs((point?.y ?? 0) - (p[0] * a.y + p[1] * b.y + (p[2] ?? 0) * tie.y))).toBeLessThanOrEqual(0.11);
      }),
    );
  });

  test("leaves out rows whose probabilities are none, and says how many are shown", () => {
    const rows = [row([Number.NaN, 0, 1]), row([-0.2, 0.2, 1]), row([0.5, 0.5, 0.5]), row([0.2, 0.3, 0.5])];
    const picture = triangle(rows, []);
    expect(cloud(picture)).toHaveLength(1);
    expect(picture.markup).toContain("1\u00a0row, each a point");
  });

  test("colours by truth, and apart from all three where votes leave no majority or the truth is unknown", () => {
    const p: PerClass = [0.2, 0.3, 0.5];
    const colour = (truth: PerClass | null): string | undefined =>
      /class="dots large"><path class="([^"]*)"/.exec(triangle([row(p, truth)], []).markup)?.[1];
    expect([colour([1, 0, 0]), colour([0, 0.6, 0.4]), colour([0, 0, 1])]).toEqual(["p-a", "p-b", "p-tie"]);
    expect([colour([0.5, 0.5, 0]), colour(null)]).toEqual(["p-none", "p-none"]);
  });

  test("draws each of 25,000 rows in less than half a megabyte", () => {
    const rows = Array.from({ length: 25_000 }, (_, index) => {
      const [a, b] = [(index % 158) / 158, Math.floor(index / 158) / 159];
      return row(a + b <= 1 ? [a, b, 1 - a - b] : [1 - a, 1 - b, a + b - 1]);
    });
    const picture = triangle(rows, []);
    // Two rows on the same tenth of a unit are one point of a layer, so a few may be missing.
    expect(cloud(picture).length).toBeGreaterThan(23_500);
    expect(picture.markup.length).toBeLessThan(500_000);
  });

  test("rings lead to the text of the row", () => {
    const { markup } = triangle([], [{ row: row([0.2, 0.3, 0.5]), target: "row-3" }]);
    expect(markup).toContain('<a href="#row-3">');
    expect(markup).toContain('role="group"');
  });
});

describe("the small triangles by truth", () => {
  test("hold every cell inside the picture and count every row, also on edges and corners", () => {
    const edges: PerClass[] = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0.5, 0.5, 0],
      [0.5, 0, 0.5],
      [0, 0.5, 0.5],
      [0.25, 0.25, 0.5],
      [1 / 3, 1 / 3, 1 / 3],
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(triples, fc.constantFrom(...edges)), { minLength: 1 }), (list) => {
        const picture = densityTriangles(list.map((p) => row(p, [1, 0, 0])));
        const { width, height } = viewBox(picture);
        for (const { x, y } of allPoints(picture)) {
          expect(x >= 0 && x <= width && y >= 0 && y <= height).toBe(true);
        }
        // Everything lies in the first of the three, within its own corners.
        const shades = [...picture.markup.matchAll(/class="s-(a|b|tie)"[^>]* d="([^"]*)"/g)];
        expect(new Set(shades.map(([, truth]) => truth))).toEqual(new Set(["a"]));
        expect(picture.markup).toContain(`>${list.length.toLocaleString("en-US")}\u00a0row`);
      }),
    );
  });

  test("shade the cell in which a row lies", () => {
    const { markup } = densityTriangles([row([1, 0, 0], [1, 0, 0])]);
    const { a } = corners(markup);
    const cell = /class="s-a"[^>]* d="M([\d.]+) ([\d.]+)L/.exec(markup);
    expect([Number(cell?.[1]), Number(cell?.[2])]).toEqual([a.x, a.y]);
  });
});
