import type {
  AgreementData,
  ComparisonData,
  Pair,
  PairAgreement,
  VariantResult,
} from "../../src/report/data/comparison-data.ts";
import { seeded } from "./random.ts";
import { around } from "./sample.ts";

/** Makes a comparison of four variants: one clear winner over two, one rival that it is not told apart from. */
export function sampleComparison(): ComparisonData {
  return {
    kind: "scores",
    name: "runs/templates",
    program: "abtie 0.1.0",
    madeAt: Date.UTC(2025, 2, 14, 9, 26),
    facts: [
      { name: "Model", value: "SmolLM2-135M-Instruct, float32" },
      { name: "Data", value: "labelled.csv, 999 rows, 3 votes a row" },
    ],
    notes: ["Differences are paired on the same rows; 95 % BCa bootstrap intervals over prompts, 10,000 resamples."],
    warnings: ["side-by-side.jinja: the median label mass is 0.21. Most of what the model wanted to say is no label."],
    rows: 612,
    groups: 598,
    priorLogLoss: 1.052,
    job: { rows: 25_000, deadlineMs: 9 * 3_600_000 },
    variants: [
      variant("plain.jinja", 1.98, 0.951, 0.42, 1.02, true),
      variant("rules.jinja", 1.62, 0.937, 0.48, 1.17, true),
      variant("rules.jinja, both orders", 1.41, 0.929, 0.494, 2.31, false),
      variant("side-by-side.jinja", 2.11, 0.958, 0.41, 1.09, true),
    ],
    pairs: [
      pair("plain.jinja", "rules.jinja", 0.014, 0.009, 0.0041),
      pair("plain.jinja", "rules.jinja, both orders", 0.022, 0.01, 0.0002),
      pair("plain.jinja", "side-by-side.jinja", -0.007, 0.0095, 0.31),
      pair("rules.jinja", "rules.jinja, both orders", 0.008, 0.0082, 0.112),
      pair("rules.jinja", "side-by-side.jinja", -0.021, 0.0102, 0.0006),
      pair("rules.jinja, both orders", "side-by-side.jinja", -0.029, 0.0098, 0.00001),
    ],
    agreement: [sampleAgreement("plain.jinja", "rules.jinja"), sampleAgreement("plain.jinja", "side-by-side.jinja")],
    noiseFloor: 0.0011,
    prefixCache: { looked: 612_000, found: 183_600, prepared: 612_000, shared: 220_000 },
    race: null,
    stopping: {
      stoppedAt: 612,
      available: 999,
      paths: [path("plain.jinja", "rules.jinja", 0.05, 3), path("rules.jinja", "side-by-side.jinja", -0.03, 4)],
    },
  };
}

/** Makes the same comparison for rows without labels. */
export function sampleUnlabelled(): AgreementData {
  const { priorLogLoss: _, pairs: __, noiseFloor: ___, stopping: ____, ...base } = sampleComparison();
  return {
    ...base,
    kind: "agreement",
    notes: ["Kappa (Cohen 1960) is 1 for perfect agreement and 0 for chance."],
    agreement: base.agreement.slice(0, 1),
    variants: base.variants.slice(0, 2).map(({ raw, calibrated, gainOverPrior, ...variant }) => variant),
  };
}

/** Makes the agreement of two variants, with two rows on which they disagree. */
function sampleAgreement(first: string, second: string): PairAgreement {
  const texts = { prompt: "Which is longer,\na mile or a kilometre?", responseA: "A mile.", responseB: "" };
  return {
    first,
    second,
    share: { value: 0.817, low: 0.784, high: 0.846 },
    kappa: { value: 0.69, low: 0.64, high: 0.74 },
    distance: 0.142,
    verdicts: [
      [210, 12, 20],
      [15, 190, 22],
      [18, 25, 100],
    ],
    most: [
      { id: "r17", first: [0.9, 0.05, 0.05], second: [0.05, 0.9, 0.05], distance: 0.85, ...texts },
      { id: "r4", first: [0.7, 0.2, 0.1], second: [0.2, 0.3, 0.5], distance: 0.5, ...texts },
    ],
  };
}

function variant(
  name: string,
  raw: number,
  calibrated: number,
  accuracy: number,
  seconds: number,
  fits: boolean,
): VariantResult {
  const scores = (logLoss: number, ece: number) => ({
    name,
    rows: 612,
    logLoss: around(logLoss, 0.03),
    accuracy: around(accuracy, 0.031),
    brier: around(0.4 + logLoss / 8, 0.018),
    ece,
    eceWhenCalibrated: 0.027,
  });
  const swapped = name.includes("both");
  return {
    name,
    raw: scores(raw, 0.21),
    calibrated: scores(calibrated, 0.032),
    gainOverPrior: around(1.052 - calibrated, 0.02),
    verdicts: [0.41, 0.37, 0.22],
    meanProbabilities: [0.4, 0.36, 0.24],
    rescored: { rows: 31, changed: { value: 0, low: 0, high: 0.11 } },
    mass: { median: name.startsWith("side") ? 0.21 : 0.64, p5: 0.12 },
    flipRate: swapped ? around(0.61, 0.03) : null,
    positionBias: swapped ? 0.33 : null,
    tokensPerRow: 233 * seconds,
    secondsPerRow: seconds,
    jobMs: seconds * 25_000_000,
    fits,
  };
}

function pair(first: string, second: string, value: number, half: number, p: number): Pair {
  const known = p * 6 < 0.05;
  const [ahead, behind] = value > 0 ? [second, first] : [first, second];
  const facts = `${Math.abs(value).toFixed(3)} nats, 95 % ${(Math.abs(value) - half).toFixed(3)} to ${(Math.abs(value) + half).toFixed(3)}, 612 rows`;
  return {
    first,
    second,
    measure: "calibrated",
    rows: 612,
    difference: around(value, half),
    p,
    adjustedP: Math.min(1, p * 6),
    mcnemarP: Math.min(1, p * 3),
    better: known ? (value > 0 ? "second" : "first") : null,
    sentence: known
      ? `${ahead} is better than ${behind} by ${facts}; it costs 15 % more time`
      : `${first} and ${second} cannot be told apart after adjusting for 6 comparisons: ${ahead} is ahead by ${facts}; about 1,900 more rows would settle a difference of this size`,
  };
}

function path(first: string, second: string, target: number, seed: number) {
  const random = seeded(seed);
  let sum = 0;
  const looks = Array.from({ length: 153 }, (_, index) => {
    const rows = (index + 1) * 4;
    for (let row = 0; row < 4; row += 1) sum += target + 0.35 * random.normal();
    return { rows, difference: around(sum / rows, (0.35 * Math.sqrt(3 + Math.log(rows))) / Math.sqrt(rows)) };
  });
  return { first, second, looks };
}
