import type { ReportRow } from "../../src/report/data/run-data.ts";
import type { Band } from "../../src/runfolder/timeline/bands.ts";
import type { RequestPoint, TimelineForecast } from "../../src/runfolder/timeline/timeline.ts";
import type { Random } from "./random.ts";

/** Makes the requests of a run: one per row, longer prompts take longer, a stretch in the middle fails. */
export function sampleRequests(rows: readonly ReportRow[], wallMs: number, random: Random): RequestPoint[] {
  const start = 252_000;
  const sent = rows.filter(({ tokens }) => tokens !== null);
  return sent.map(({ tokens }, index): RequestPoint => {
    const share = index / sent.length;
    const slow = share > 0.42 && share < 0.47 ? 2.4 : 1;
    const ms = (900 + (tokens ?? 0) * 3.1) * slow * Math.exp(0.16 * random.normal());
    const endMs = start + (wallMs - start) * Math.min(1, share ** 0.96 + 0.0004 * random.uniform());
    return {
      endMs: Math.max(endMs, start + ms),
      ms,
      rows: 1,
      tokens: tokens ?? 0,
      ok: !(share > 0.445 && share < 0.455 && random.uniform() < 0.7),
    };
  });
}

/** Makes forecasts that close in on the real end. */
export function sampleForecasts(wallMs: number, random: Random): TimelineForecast[] {
  let drift = 0.018;
  return Array.from({ length: 80 }, (_, index): TimelineForecast => {
    const share = 0.008 + (index / 79) ** 1.3 * 0.98;
    drift = drift * 0.93 + 0.0018 * random.normal();
    const endMs = wallMs * (1 + drift * (1 - share));
    const half = wallMs * (0.05 / Math.sqrt(1 + 60 * share)) * (1 - share) + 2000;
    const atMs = wallMs * (0.015 + share * 0.98);
    return { atMs, share, pass: 1, endMs, lowMs: endMs - half, highMs: endMs + half * 1.1 };
  });
}

/** Makes the steps of a run that had to do without the swapped order for a while. */
export function sampleBands(wallMs: number): Band[] {
  return [
    { name: "engine starts", kind: "start", fromMs: 0, toMs: 0.01 * wallMs },
    { name: "both-orders", kind: "both-orders", fromMs: 0.01 * wallMs, toMs: 0.42 * wallMs },
    { name: "one-order", kind: "one-order", fromMs: 0.42 * wallMs, toMs: 0.6 * wallMs },
    { name: "both-orders", kind: "both-orders", fromMs: 0.6 * wallMs, toMs: wallMs },
  ];
}
