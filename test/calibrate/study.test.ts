import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groupedFolds } from "../../src/calibrate/cross-validate.ts";
import type { LabelledReadings } from "../../src/calibrate/fit.ts";
import { priorWarning } from "../../src/calibrate/refusal.ts";
import { studyCalibration } from "../../src/calibrate/study.ts";
import { seededGenerator } from "../../src/numbers/random.ts";
import { withTie } from "../helpers/matrix.ts";

/** Fewer fits than by default, for the time they take. */
const OPTIONS = { seed: 3, resamples: 2_000, folds: 5, repeats: 2 };

describe("a study of a judge", () => {
  test("that is far too sure of itself finds the gain, says so with an interval, and keeps to the simplest kind", () => {
    const study = studyCalibration(judge({ rows: 600, groups: 200, sharpness: 5, first: 0 }), OPTIONS);
    expect(study.refusal).toBeNull();
    expect(study.kind).toBe("temperature");
    expect(study.parameters.scale).toBeCloseTo(0.2, 1);
    expect(study.calibrated.mean).toBeLessThan(study.raw.mean - 0.5);
    expect(study.calibrated.mean).toBeLessThan(study.prior.mean);
    expect(study.gain.error?.interval.low).toBeGreaterThan(0);
    expect(priorWarning(study)).toBeNull();
    expect(study.candidates.map(({ kind }) => kind)).toEqual([
      "temperature",
      "temperature-bias",
      "temperature-bias-position",
    ]);
  });

  test("that prefers the first answer chooses the kind that corrects position", () => {
    const study = studyCalibration(
      judge({ rows: 900, groups: 300, sharpness: 1, first: 1.5, bothShare: 0.2 }),
      OPTIONS,
    );
    expect(study.kind).toBe("temperature-bias-position");
    expect(study.parameters.first).toBeCloseTo(-1.5, 0);
  });

  test("that barely knows anything does not get a temperature that loses to the class shares", () => {
    let rescued = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const weak = { rows: 50, groups: 25, sharpness: 0.2, first: 0, bothShare: null, noise: 1, rareTies: true, seed };
      const { kind, candidates, prior } = studyCalibration(judge(weak), OPTIONS);
      const near = candidates.filter((one) => one.behindBest.mean <= (one.behindBest.error?.standardError ?? 0));
      const beating = near.filter((one) => one.logLoss < prior.mean);
      expect(kind).toBe((beating[0] ?? near[0])?.kind);
      if (beating.length > 0 && beating[0] !== near[0]) rescued += 1;
    }
    // Without such a judge among them, this test would say nothing.
    expect(rescued).toBeGreaterThan(0);
  });

  test("that was read in one order only does not offer to correct position", () => {
    const study = studyCalibration(judge({ rows: 400, groups: 100, sharpness: 3, first: 1, bothShare: null }), OPTIONS);
    expect(study.candidates.map(({ kind }) => kind)).toEqual(["temperature", "temperature-bias"]);
    expect(study.parameters.both).toBe(1);
  });

  test("that is calibrated already is refused, naming the gain and its interval", () => {
    const labelled = judge({ rows: 300, groups: 150, sharpness: 1, first: 0, bothShare: null });
    const study = studyCalibration(labelled, OPTIONS);
    expect(study.refusal).toMatch(/^calibration does not help: out-of-fold log loss 0\.\d{3} raw, 0\.\d{3} calibrated/);
    expect(study.refusal).toMatch(/gain -?0\.0\d\d nats \(95 % -0\.\d{3} to -?0\.\d{3}\) over 300 rows/);
  });

  test("that knows nothing is calibrated to the class shares, with a warning", () => {
    const labelled = judge({ rows: 600, groups: 200, sharpness: 3, first: 0, rareTies: true });
    const shuffled = { ...labelled, truth: withTie(rotate(labelled.truth.values)) };
    const study = studyCalibration(shuffled, OPTIONS);
    expect(study.refusal).toBeNull();
    expect(study.parameters.scale).toBeLessThan(0.1);
    expect(priorWarning(study)).toMatch(/does not clearly beat the class prior/);
  });

  test("with too few prompts is refused", () => {
    const study = studyCalibration(judge({ rows: 60, groups: 4, sharpness: 5, first: 0 }), OPTIONS);
    expect(study.refusal).toBe("calibration needs labelled rows with at least 10 different prompts and found 4");
  });

  test("leaves out rows that were never read", () => {
    const labelled = judge({ rows: 300, groups: 100, sharpness: 4, first: 0 });
    labelled.readings.ab.values.fill(Number.NaN, 30, 60);
    labelled.readings.ba.values.fill(Number.NaN, 30, 60);
    const study = studyCalibration(labelled, OPTIONS);
    expect(study.rows.length).toBe(290);
    expect(study.rows.includes(10)).toBe(false);
    expect(study.rows.includes(20)).toBe(true);
    expect(study.probabilities.values.length).toBe(3 * 290);
  });

  test("hardly depends on how the prompts are divided into folds, and reports the gains of single divisions", () => {
    const labelled = judge({ rows: 150, groups: 15, sharpness: 2, first: 0.5 });
    const gains = (repeats: number): readonly number[] =>
      [1, 2, 3, 4, 5, 6].map(
        (seed) => studyCalibration(labelled, { seed, resamples: 100, folds: 5, repeats }).gain.mean,
      );
    const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
    expect(spread(gains(10))).toBeLessThan(spread(gains(1)) / 1.5);
    const { gain, gainByRepeat, repeats, folds } = studyCalibration(labelled, { seed: 3 });
    expect({ repeats, folds }).toEqual({ repeats: 10, folds: 10 });
    expect(gainByRepeat.low).toBeLessThan(gain.mean);
    expect(gainByRepeat.high).toBeGreaterThan(gain.mean);
    const alone = studyCalibration(labelled, { ...OPTIONS, repeats: 1 });
    expect(alone.gainByRepeat.low).toBe(alone.gainByRepeat.high);
  });

  test("gives the same numbers for the same seed", () => {
    const labelled = judge({ rows: 200, groups: 50, sharpness: 2, first: 0.5 });
    expect(studyCalibration(labelled, OPTIONS)).toEqual(studyCalibration(labelled, OPTIONS));
  });
});

test("folds never part a group, and none is larger than a fair share and a group", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(30), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 8 }),
      (list, count) => {
        const groups = Uint32Array.from(list);
        const folds = groupedFolds(groups, count, 5);
        const foldOf = new Map<number, number>();
        const filled = new Map<number, number>();
        for (const [row, group] of groups.entries()) {
          const fold = folds[row] ?? -1;
          expect(foldOf.get(group) ?? fold).toBe(fold);
          foldOf.set(group, fold);
          filled.set(fold, (filled.get(fold) ?? 0) + 1);
        }
        const largestGroup = Math.max(...[...new Set(list)].map((group) => list.filter((one) => one === group).length));
        expect(Math.max(...filled.values())).toBeLessThanOrEqual(list.length / count + largestGroup);
      },
    ),
  );
});

interface JudgeOptions {
  readonly rows: number;
  readonly groups: number;
  /** Factor on the true logits: 1 is calibrated. */
  readonly sharpness: number;
  readonly first: number;
  /** Share of rows read in both orders, the others in turns in one; null: every row in order ab alone. */
  readonly bothShare?: number | null;
  /** Largest error of a reading, evenly spread. */
  readonly noise?: number;
  readonly rareTies?: boolean;
  readonly seed?: number;
}

function judge(options: JudgeOptions): LabelledReadings {
  const generator = seededGenerator(options.seed ?? 11);
  const uniform = (): number => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  const { rows, sharpness, first, bothShare = 1 } = options;
  const ab = new Float64Array(3 * rows).fill(Number.NaN);
  const ba = new Float64Array(3 * rows).fill(Number.NaN);
  const truth = new Float64Array(3 * rows);
  for (let row = 0; row < rows; row += 1) {
    const [a, b, tie] = [3 * uniform(), 3 * uniform(), 3 * uniform() - (options.rareTies ? 1 : 0)] as const;
    const total = Math.exp(a) + Math.exp(b) + Math.exp(tie);
    const u = uniform() * total;
    truth[3 * row + (u < Math.exp(a) ? 0 : u < Math.exp(a) + Math.exp(b) ? 1 : 2)] = 1;
    const error = (): number => (options.noise ?? 0) * (2 * uniform() - 1);
    const both = bothShare !== null && row / rows < bothShare;
    if (both || bothShare === null || row % 2 === 0) {
      ab.set([sharpness * a + first + error(), sharpness * b + error(), sharpness * tie + error()], 3 * row);
    }
    if (both || (bothShare !== null && row % 2 === 1)) {
      ba.set([sharpness * b + first + error(), sharpness * a + error(), sharpness * tie + error()], 3 * row);
    }
  }
  return {
    readings: { ab: withTie(ab), ba: withTie(ba) },
    truth: withTie(truth),
    groups: Uint32Array.from({ length: rows }, (_, row) => row % options.groups),
  };
}

/** Gives each row the label of the next one: the shares stay, the knowledge goes. */
function rotate(truth: Float64Array): Float64Array {
  return Float64Array.from([...truth.subarray(3), ...truth.subarray(0, 3)]);
}
