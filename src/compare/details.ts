import type { ComparisonData } from "../report/data/comparison-data.ts";
import type { Assessment } from "./assess.ts";
import type { Comparison } from "./conclude.ts";
import { COMPARISON_FORMAT } from "./read-comparison.ts";

/** What comparison.json holds: what the report shows, and behind it everything that was computed for each variant. */
export interface ComparisonDetails extends ComparisonData {
  /** Version of the format. */
  readonly format: typeof COMPARISON_FORMAT;
  readonly end: Comparison["end"];
  readonly files: Comparison["files"];
  readonly details: Readonly<Record<string, VariantDetails>>;
}

type VariantDetails = Pick<Assessment, "mass" | "swap" | "shortened" | "startUpSeconds" | "noise"> & {
  readonly raw: Assessment["raw"]["evaluation"];
  readonly calibrated: {
    readonly evaluation: Assessment["raw"]["evaluation"];
    readonly kind: string;
    readonly parameters: object;
    readonly gain: object;
    readonly gainOverPrior: object;
  } | null;
};

/** Lists what is known about a comparison, without the rows. */
export function detailsOf({ end, files, report, assessments }: Comparison): ComparisonDetails {
  return {
    format: COMPARISON_FORMAT,
    end,
    files,
    ...report,
    details: Object.fromEntries(assessments.map((one) => [one.name, variantDetails(one)])),
  };
}

function variantDetails({ raw, calibrated, mass, swap, shortened, startUpSeconds, noise }: Assessment): VariantDetails {
  return {
    ...{ mass, swap, shortened, startUpSeconds, noise },
    raw: raw.evaluation,
    calibrated: calibrated === null ? null : { evaluation: calibrated.evaluation, ...studyDetails(calibrated.study) },
  };
}

function studyDetails({ kind, parameters, gain, gainOverPrior }: NonNullable<Assessment["calibrated"]>["study"]) {
  return { kind, parameters, gain, gainOverPrior };
}
