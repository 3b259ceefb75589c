import { describe, expect, test } from "vitest";
import {
  type Calibration,
  calibrationOf,
  formatCalibration,
  judgeMismatches,
  parseCalibration,
} from "../../src/calibrate/file.ts";
import { studyCalibration } from "../../src/calibrate/study.ts";
import { AbtieError } from "../../src/errors.ts";
import { generatedReadings } from "./generated-readings.ts";

const JUDGE = {
  model: "a-model",
  template: "0".repeat(64),
  labels: { a: ["A"], b: ["B"], tie: ["tie", "Tie"] },
};

function calibration(): Calibration {
  const study = studyCalibration(generatedReadings(0), { seed: 1, resamples: 500 });
  return calibrationOf(study, "f".repeat(64), JUDGE);
}

describe("a calibration file", () => {
  test("is read back as it was written", () => {
    const written = calibration();
    expect(parseCalibration(formatCalibration(written), "c.json")).toEqual(written);
    expect(written.outOfFold.gain.low).toBeGreaterThan(0);
    expect(written.trainedOn).toEqual({ sha256: "f".repeat(64), rows: 90, groups: 90 });
  });

  test("with keys that nobody knows is refused with every problem named", () => {
    const text = JSON.stringify({ ...calibration(), kind: "unheard-of", surprise: true });
    const error = thrownBy(() => parseCalibration(text, "c.json"));
    expect(error.code).toBe("config");
    expect(error.message).toContain("c.json");
    expect(error.details.join("\n")).toMatch(/surprise/);
    expect(error.details.join("\n")).toMatch(/kind/);
  });

  test("of another version is refused with both versions and what to do", () => {
    const error = thrownBy(() => parseCalibration(JSON.stringify({ ...calibration(), version: 1 }), "c.json"));
    expect(error.message).toBe(
      "c.json is a calibration file of version 1, and this abtie reads version 2: make it again with `abtie calibrate`",
    );
  });

  test("with a number that is none is refused, naming the key", () => {
    const text = formatCalibration(calibration()).replace(/"scale": [-.\de]+/, '"scale": null');
    expect(thrownBy(() => parseCalibration(text, "c.json")).details.join("\n")).toMatch(/parameters\.scale/);
  });

  test("that is not JSON is refused", () => {
    expect(thrownBy(() => parseCalibration("{", "c.json")).message).toMatch(/c\.json: .*not JSON/);
  });

  test("fits only the judge that it was made with, and says where another differs", () => {
    const made = calibration();
    expect(judgeMismatches(made.judge, JUDGE)).toEqual([]);
    const other = { model: "b", template: "1".repeat(64), labels: { ...JUDGE.labels, tie: ["C"] } };
    expect(judgeMismatches(made.judge, other)).toEqual([
      "the model is b, the calibration is for a-model",
      "the template differs from the one that the calibration was fitted to",
      "the label texts differ from those that the calibration was fitted to",
    ]);
  });
});

test("a refused study is never saved", () => {
  const study = studyCalibration(generatedReadings(0), { seed: 1, resamples: 500 });
  expect(() => calibrationOf({ ...study, refusal: "no gain" }, "f".repeat(64), JUDGE)).toThrow("no gain");
});

function thrownBy(run: () => unknown): AbtieError {
  try {
    run();
  } catch (error) {
    if (error instanceof AbtieError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
