import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costChart } from "../../src/report/charts/cost.ts";
import { type ForecastHistory, forecastChart } from "../../src/report/charts/forecast.ts";
import { forest } from "../../src/report/charts/forest.ts";
import { spread } from "../../src/report/charts/frame.ts";
import { intervalMark, intervalScale } from "../../src/report/charts/interval.ts";
import { massHistogram } from "../../src/report/charts/mass.ts";
import { reliability } from "../../src/report/charts/reliability.ts";
import { requestTime } from "../../src/report/charts/request-time.ts";
import { sequenceChart } from "../../src/report/charts/sequence.ts";
import { throughput, tokenRates } from "../../src/report/charts/throughput.ts";
import { linear, timeTicks } from "../../src/report/charts/ticks.ts";
import type { ReportData } from "../../src/report/data/run-data.ts";
import type { Html } from "../../src/report/markup/html.ts";
import { renderClock } from "../../src/report/render-clock.ts";
import { allPoints, circles, covering, labels, viewBox } from "./geometry.ts";
import { around, sampleReport } from "./sample.ts";
import { sampleComparison } from "./sample-comparison.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });
const positive = fc.double({ min: 0, max: 1e9, noNaN: true });

const KINDS = ["both-orders", "one-order", "one-order-short", "prior", "swapped", "start", "lost"] as const;
const TIMES = { deadlineMs: null, watchdogMs: null, firstPassMs: null };

function historyOf({ forecasts, bands, timing }: ReportData): ForecastHistory {
  return { forecasts, bands, timing: timing ?? { ...TIMES, wallMs: 0 } };
}

function expectInside(picture: Html): void {
  const { width, height } = viewBox(picture);
  const points = allPoints(picture);
  expect(points.length).toBeGreaterThan(0);
  const outside = points.filter(({ x, y }) => !(x >= -0.05 && x <= width + 0.05 && y >= -0.05 && y <= height + 0.05));
  expect(outside).toEqual([]);
  expect(picture.markup).not.toMatch(/NaN|Infinity|undefined/);
}

describe("every chart", () => {
  const data = sampleReport(400);
  const comparison = sampleComparison();
  const pictures: readonly (readonly [string, () => Html])[] = [
    ["reliability", () => reliability(data.quality?.reliability[0] ?? { name: "", ece: 0, bins: [] }, "r")],
    ["label mass", () => massHistogram([0.1, 0.5, 1], 0.5, 0.14)],
    ["tokens against time", () => requestTime(data.requests).chart],
    ["throughput", () => throughput(data.requests, data.timing?.wallMs ?? 0)],
    ["forecast", () => forecastChart(historyOf(data))],
    ["forest", () => forest(comparison.pairs, comparison.noiseFloor)],
    ["cost", () => costChart(comparison.variants, 1.3)],
    ["sequence", () => sequenceChart(comparison.stopping?.paths[0] ?? { first: "", second: "", looks: [] }, "s")],
  ];

  test.each(pictures)("%s stays inside its picture and says in words what it shows", (_, draw) => {
    const picture = draw();
    expectInside(picture);
    expect(picture.markup).toMatch(/role="(img|group)" aria-labelledby="[\w-]+-t [\w-]+-d"/);
    expect(picture.markup).toMatch(/<title id="[^"]+">[^<]+<\/title><desc id="[^"]+">[^<]+<\/desc>/);
  });
});

describe("the reliability diagram", () => {
  test("puts each bin at what was given and what came true, from 0 to 1 on both axes", () => {
    const bins = fc.array(fc.record({ predicted: share, value: share, rows: fc.nat(1000) }), { minLength: 1 });
    fc.assert(
      fc.property(bins, (list) => {
        const shown = list.map(({ predicted, value, rows }) => ({ predicted, rows, observed: around(value, 0) }));
        const corners = circles(reliability({ name: "x", ece: null, bins: [bin(0, 0), bin(1, 1)] }, "r"));
        const [zero, one] = corners as [{ x: number; y: number }, { x: number; y: number }];
        for (const [index, { x, y }] of circles(reliability({ name: "x", ece: null, bins: shown }, "r")).entries()) {
          const { predicted = 0, value = 0 } = list[index] ?? {};
          expect(Math.abs(x - (zero.x + predicted * (one.x - zero.x)))).toBeLessThan(0.11);
          expect(Math.abs(y - (zero.y + value * (one.y - zero.y)))).toBeLessThan(0.11);
        }
      }),
    );
  });

  const bin = (predicted: number, value: number) => ({ predicted, observed: around(value, 0), rows: 5 });
});

describe("the distribution of the label mass", () => {
  test("counts every row once, the ends of the scale included", () => {
    fc.assert(
      fc.property(fc.array(share, { minLength: 1 }), (values) => {
        const sorted = [...values, 0, 1].sort((one, other) => one - other);
        const { markup } = massHistogram(sorted, 0.5, 0.1);
        const counts = [...markup.matchAll(/<title>[^<]*: ([\d,]+)\u00a0rows?<\/title>/g)].map(([, text]) =>
          Number(text?.replaceAll(",", "")),
        );
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(sorted.length);
      }),
    );
  });
});

describe("labels of pictures", () => {
  test("the median and the 5th percentile of the label mass never cover each other", () => {
    fc.assert(
      fc.property(share, share, (one, other) => {
        const picture = massHistogram([0, 1], Math.max(one, other), Math.min(one, other));
        const found = labels(picture, /class="note/);
        expect(found).toHaveLength(2);
        expect(covering(found)).toEqual([]);
        for (const { left, right } of found) expect(left >= 0 && right <= viewBox(picture).width).toBe(true);
      }),
    );
  });

  test("the names and times of the end, the first pass, the watchdog and the deadline never cover each other", () => {
    const time = fc.double({ min: 1_000, max: 1e8, noNaN: true });
    fc.assert(
      fc.property(time, time, time, time, (wallMs, deadlineMs, watchdogMs, firstPassMs) => {
        const forecasts = ([1, 2] as const).map((pass) => ({
          atMs: wallMs / 3,
          share: 0.5,
          pass,
          endMs: wallMs,
          lowMs: 0.9 * wallMs,
          highMs: 1.1 * wallMs,
        }));
        const picture = forecastChart({
          forecasts,
          bands: [],
          timing: { wallMs, deadlineMs, watchdogMs, firstPassMs },
        });
        const found = labels(picture, /class="(note|num)" x="[\d.]+" y="[\d.]+"$/);
        expect(found.length).toBeGreaterThanOrEqual(6);
        expect(covering(found)).toEqual([]);
        expect(found.filter(({ right }) => right > viewBox(picture).width + 4)).toEqual([]);
      }),
    );
  });
});

describe("throughput", () => {
  test("loses no token and invents none, wherever requests begin and end", () => {
    const request = fc.record({ endMs: positive, ms: positive, tokens: fc.nat(1e6) });
    fc.assert(
      fc.property(fc.array(request), fc.double({ min: 1, max: 1e6, noNaN: true }), (list, width) => {
        const requests = list.map((one) => ({ ...one, rows: 1, ok: true }));
        const total = tokenRates(requests, width, 24).reduce((sum, rate) => sum + (rate * width) / 1000, 0);
        const expected = list.reduce((sum, { tokens }) => sum + tokens, 0);
        expect(Math.abs(total - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, expected));
      }),
    );
  });

  test("spreads a request over the stretches that it took", () => {
    const request = { endMs: 2500, ms: 2000, rows: 1, tokens: 400, ok: true };
    expect(tokenRates([request], 1000, 4)).toEqual([100, 200, 100, 0]);
  });
});

describe("tokens against time", () => {
  test("is not pressed flat by one request that hung, and counts what it does not show", () => {
    const requests = Array.from({ length: 1000 }, (_, index) => ({
      endMs: index,
      ms: index === 7 ? 600_000 : 100 + index / 10,
      rows: 1,
      tokens: index,
      ok: true,
    }));
    expect(requestTime(requests).hidden).toBe(1);
    expectInside(requestTime(requests).chart);
    expect(requestTime([]).hidden).toBe(0);
  });
});

describe("the forecast", () => {
  test("stays inside its picture whatever was forecast", () => {
    const any = fc.oneof(positive, fc.constant(Number.POSITIVE_INFINITY), fc.constant(Number.NaN));
    const pass = fc.constantFrom(1 as const, 2 as const);
    const point = fc.record({ atMs: positive, share, pass, endMs: any, lowMs: any, highMs: any });
    // Not any text: that could be "NaN" itself.
    const name = fc.constantFrom("both-orders", "one-order", 'short "<1024>"', "");
    const band = fc.record({ name, kind: fc.constantFrom(...KINDS), fromMs: positive, toMs: positive });
    const limits = fc.record({
      deadlineMs: fc.option(positive),
      watchdogMs: fc.option(positive),
      firstPassMs: fc.option(positive),
    });
    fc.assert(
      fc.property(fc.array(point), fc.array(band), positive, limits, (forecasts, bands, wallMs, rest) => {
        expectInside(forecastChart({ forecasts, bands, timing: { wallMs, ...rest } }));
      }),
    );
  });

  test("names a deadline that lies far above instead of flattening the forecasts", () => {
    const forecasts = [
      { atMs: 60_000, share: 0.02, pass: 1, endMs: 600_000, lowMs: 590_000, highMs: 615_000 } as const,
    ];
    const markup = (deadlineMs: number): string =>
      forecastChart({ forecasts, bands: [], timing: { ...TIMES, wallMs: 601_000, deadlineMs } }).markup;
    expect(markup(32_400_000)).toMatch(/>deadline ↑<.*>9h00m</);
    expect(markup(610_000)).toContain('class="level deadline"');
  });

  test("colours the ground by what was in force and names each of it once", () => {
    const bands = [
      { name: "engine starts", kind: "start", fromMs: 0, toMs: 10_000 },
      { name: "both-orders", kind: "both-orders", fromMs: 10_000, toMs: 50_000 },
      { name: "one-order", kind: "one-order", fromMs: 50_000, toMs: 70_000 },
      { name: "both-orders", kind: "both-orders", fromMs: 70_000, toMs: 100_000 },
    ] as const;
    const { markup } = forecastChart({ forecasts: [], bands, timing: { ...TIMES, wallMs: 100_000 } });
    const [ground = "", key = ""] = [...markup.matchAll(/<g class="steps[^"]*">.*?<\/g>/gs)].map(([text]) => text);
    const widths = [...ground.matchAll(/class="([\w-]+)" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)];
    expect(widths.map(([, kind]) => kind)).toEqual(bands.map(({ kind }) => kind));
    const [start, both, one] = widths.map(([, , , width]) => Number(width)) as [number, number, number];
    expect([both / start, one / start]).toEqual([expect.closeTo(4, 1), expect.closeTo(2, 1)]);
    expect([...key.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual([
      "forecast",
      "90\u00a0% interval",
      "engine starts",
      "both-orders",
      "one-order",
    ]);
  });

  test("draws a night of forecasts no finer than its picture", () => {
    const forecasts = Array.from({ length: 6480 }, (_, index) => {
      const atMs = index * 5_000;
      return { atMs, share: index / 6480, pass: 1, endMs: 32_400_000, lowMs: 32_300_000, highMs: 32_500_000 } as const;
    });
    const svg = renderClock({ forecasts, bands: [], timing: { ...TIMES, wallMs: 32_400_000 } }, "night");
    expect(svg.length).toBeLessThan(50_000);
    expect(svg.match(/class="line strong" d="[^"]*"/)?.[0].match(/L/g)?.length).toBeGreaterThan(700);
  });

  test("makes a file that a picture viewer can show: no variable, nothing from outside", () => {
    const svg = renderClock(historyOf(sampleReport(50)), "runs/<x> & co");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toContain("runs/&lt;x&gt; &amp; co");
    expect(svg).not.toMatch(/var\(|href|url\(|@import/);
    expect(svg.match(/<svg/g)).toHaveLength(1);
  });
});

describe("the forest of pairs", () => {
  test("puts intervals on the side of the better variant, the zero in the middle", () => {
    const [first] = sampleComparison().pairs;
    if (first === undefined) throw new Error("the sample has no pair");
    const at = (value: number): number =>
      circles(forest([{ ...first, difference: around(value, 0.01) }], null))[0]?.x ?? Number.NaN;
    expect(at(0)).toBeCloseTo(180, 1);
    expect(at(0.05)).toBeGreaterThan(180);
    expect(at(-0.05)).toBeLessThan(180);
  });
});

describe("small parts", () => {
  test("intervals of one column share one scale", () => {
    const scale = intervalScale([around(0.2, 0.1), around(0.6, 0.1)], 0.9);
    const at = (value: number): number => circles(intervalMark(around(value, 0.01), scale))[0]?.x ?? Number.NaN;
    expect(at(0.4)).toBeCloseTo((at(0.2) + at(0.6)) / 2, 0);
    expect(scale.domain[1]).toBeGreaterThan(0.9);
  });

  test("labels are moved apart in their order and kept inside", () => {
    const labels = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 10 });
    fc.assert(
      fc.property(labels, (positions) => {
        const moved = spread(positions, 14, 200);
        const sorted = [...moved].sort((one, other) => one - other);
        expect(Math.max(0, ...moved)).toBeLessThanOrEqual(200);
        for (const [index, position] of sorted.slice(1).entries()) {
          expect(position - (sorted[index] ?? 0)).toBeGreaterThanOrEqual(14 - 1e-9);
        }
      }),
    );
    expect(spread([10, 100], 14, 200)).toEqual([10, 100]);
  });

  test.each([
    [32_400_000, ["0", "2h", "4h", "6h", "8h"]],
    [300_000, ["0", "1m", "2m", "3m", "4m", "5m"]],
    [3_600_000, ["0", "10m", "20m", "30m", "40m", "50m", "1h00m"]],
  ])("a scale of %d ms has marks at round times", (end, expected) => {
    expect(timeTicks(linear([0, end], [0, 100]), 6).map(({ text }) => text)).toEqual(expected);
  });
});
