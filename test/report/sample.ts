import type { Estimate, ReportData, ReportRow, Scores } from "../../src/report/data/run-data.ts";
import { CLASSES, type PerClass } from "../../src/types.ts";
import { type Random, seeded } from "./random.ts";
import { lossOf, sampleRows, sampleWorst } from "./sample-rows.ts";
import { sampleBands, sampleForecasts, sampleRequests } from "./sample-time.ts";

const HOUR = 3_600_000;

/** Makes a run that looks like a real one, of any size. The intervals are plausible, not computed as abtie does. */
export function sampleReport(many: number, seed = 7): ReportData {
  const random = seeded(seed);
  const rows = sampleRows(many, random);
  const wallMs = 24_060_000;
  return {
    name: "runs/lmsys-34b-awq",
    program: "abtie 0.1.0",
    classes: CLASSES,
    madeAt: Date.UTC(2025, 2, 14, 9, 26),
    facts: [
      { name: "Model", value: "Yi-1.5-34B-Chat-AWQ, tensor parallel 2, half" },
      { name: "Engine", value: "vLLM 0.6.3, logit_bias with processed log probabilities" },
      { name: "Template", value: "prompts/rules.jinja, sha256 5f0c1d9e7b…" },
      { name: "Data", value: "test.csv, 25,000 rows, sha256 90aa4be2c1…" },
      { name: "Token budget", value: "2,048 a row" },
    ],
    notes: [
      "Log loss is the mean of −log p of the truth, in nats, probabilities clipped at 1e-15.",
      "Intervals are 95 % bootstrap intervals over prompts, 10,000 resamples.",
      "ECE uses 15 bins with equally many rows; its bias for this many rows is about 0.004.",
    ],
    warnings: [
      "187 rows hold the fallback: there was no time left for them.",
      "The label mass of 4 % of the rows is below 0.5; the template may be wrong for this model.",
    ],
    rows,
    timing: {
      startedAt: Date.UTC(2025, 2, 14, 1, 2),
      wallMs,
      startupMs: 252_000,
      deadlineMs: 9 * HOUR,
      watchdogMs: 9 * HOUR - 30_000,
      firstPassMs: null,
    },
    requests: sampleRequests(rows, wallMs, random),
    forecasts: sampleForecasts(wallMs, random),
    bands: sampleBands(wallMs),
    quality: sampleQuality(rows, random),
    verdicts: null,
    fewLabels: null,
    judges: null,
    position: {
      rows: Math.round(many * 0.31),
      flipRate: around(0.184, 0.011),
      towardFirst: 0.113,
      towardSecond: 0.071,
    },
    worst: sampleWorst(rows, 20),
  };
}

/** An estimate with a symmetric interval. */
export function around(value: number, half: number): Estimate {
  return { value, low: value - half, high: value + half };
}

function sampleQuality(rows: readonly ReportRow[], random: Random): NonNullable<ReportData["quality"]> {
  const submitted = scoresOf("As submitted", rows);
  const raw = {
    ...submitted,
    name: "Raw, one order",
    logLoss: around(submitted.logLoss.value + 0.061, 0.012),
    ece: 0.071,
  };
  const part = (name: string, share: number, shift: number) => {
    const members = Math.round(rows.length * share);
    const half = 0.9 / Math.sqrt(members);
    return {
      name,
      rows: members,
      logLoss: around(submitted.logLoss.value + shift, half),
      accuracy: around(submitted.accuracy.value - shift / 2, half / 2),
      ece: 0.02 + Math.abs(shift) / 4,
    };
  };
  return {
    scores: [submitted, raw],
    baselines: [
      { name: "class prior", logLoss: 1.0972, gain: around(1.0972 - submitted.logLoss.value, 0.01) },
      { name: "uniform", logLoss: Math.log(3), gain: around(Math.log(3) - submitted.logLoss.value, 0.01) },
    ],
    reliability: [
      { name: "predicted class", ece: 0.031, bins: bins(0.36, 0.97, rows.length, 0.06, random) },
      { name: "tie", ece: 0.024, bins: bins(0.03, 0.62, rows.length, -0.05, random) },
    ],
    confusion: confusionOf(rows),
    slices: [
      {
        name: "Length",
        slices: [
          part("up to 256 tokens", 0.22, -0.021),
          part("257 to 512 tokens", 0.31, -0.006),
          part("513 to 1,024 tokens", 0.29, 0.004),
          part("over 1,024 tokens", 0.18, 0.034),
        ],
      },
      { name: "Turns", slices: [part("1", 0.87, -0.004), part("2 to 3", 0.1, 0.018), part("4 or more", 0.03, 0.047)] },
      {
        name: "Script",
        slices: [
          part("Latin", 0.83, -0.003),
          part("Cyrillic", 0.06, 0.006),
          part("Han", 0.05, 0.012),
          part("other", 0.02, 0.061),
        ],
      },
      {
        name: "Source",
        slices: [part("both orders", 0.31, 0.058), part("one order", 0.66, -0.03), part("prior", 0.01, 0.12)],
      },
    ],
  };
}

function scoresOf(name: string, rows: readonly ReportRow[]): Scores {
  const mean = (value: (row: ReportRow) => number): number =>
    rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  const half = 1 / Math.sqrt(rows.length);
  const accuracy = mean(({ probabilities, truth }) =>
    (truth?.[probabilities.indexOf(Math.max(...probabilities))] ?? 0) === 1 ? 1 : 0,
  );
  const brier = mean(({ probabilities, truth }) =>
    probabilities.reduce((sum, value, index) => sum + (value - (truth?.[index] ?? 0)) ** 2, 0),
  );
  return {
    name,
    rows: rows.length,
    logLoss: around(mean(lossOf), half),
    accuracy: around(accuracy, half),
    brier: around(brier, half),
    ece: 0.031,
    eceWhenCalibrated: 0.004,
  };
}

function confusionOf(rows: readonly ReportRow[]): readonly [PerClass, PerClass, PerClass] {
  const matrix = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (const { probabilities, truth } of rows) {
    const line = truth === null ? undefined : matrix[truth.indexOf(1)];
    const said = probabilities.indexOf(Math.max(...probabilities));
    if (line) line[said] = (line[said] ?? 0) + 1;
  }
  return matrix as unknown as readonly [PerClass, PerClass, PerClass];
}

function bins(from: number, to: number, rows: number, tilt: number, random: Random) {
  return Array.from({ length: 12 }, (_, index) => {
    const predicted = from + ((to - from) * (index + 0.5)) / 12;
    const observed = predicted - tilt * (predicted - from) * 2 + 0.012 * random.normal();
    const half = 1.96 * Math.sqrt((observed * (1 - observed)) / (rows / 12));
    return {
      predicted,
      observed: { value: observed, low: Math.max(0, observed - half), high: Math.min(1, observed + half) },
      rows: Math.round((rows / 12) * (1.4 - index / 14)),
    };
  });
}
