import { readFile } from "node:fs/promises";
import { parseCalibration } from "../calibrate/file.ts";
import { type VerdictRules, verdictOfRow } from "../calibrate/verdicts.ts";
import { rowAt } from "../class-matrix.ts";
import { argmax } from "../classes.ts";
import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import type { Scored } from "../metrics/scored.ts";
import { takeWeights } from "../metrics/weights.ts";
import type { RunRows } from "../runfolder/rows-file.ts";
import { type BootstrapOptions, bootstrapMean, type MeanEstimate } from "../stats/bootstrap.ts";
import { CLASSES, type ClassName, type RowVerdict } from "../types.ts";

/** The sets of verdicts of a run, and how well they keep what they promise. */
export interface VerdictSummary {
  /** Share of the rows of each class whose set is to hold the class. */
  readonly coverage: number;
  /** Largest share of wrong verdicts among those accepted, and the confidence with which the threshold keeps it. */
  readonly maxError: number;
  readonly confidence: number;
  readonly rows: number;
  /** Number of rows by the number of classes in their set: none, one, two, three. */
  readonly sizes: readonly number[];
  /** Number of rows whose verdict is accepted; the others abstain. */
  readonly accepted: number;
  /** Null without labels. */
  readonly measured: {
    /** For each class that is a label of some row, the share of its rows whose set holds it. */
    readonly held: readonly { readonly name: ClassName; readonly share: MeanEstimate }[];
    /** Share of wrong verdicts among those accepted; null when none is. */
    readonly wrong: MeanEstimate | null;
  } | null;
}

/**
 * Reads the rules of the calibration that a run applied; null when there are none, or the file is gone or damaged.
 */
export async function verdictRulesOf({ calibration: file }: Pick<Config, "calibration">): Promise<VerdictRules | null> {
  const text = file === null ? null : await readFile(file, "utf8").catch(() => null);
  if (file === null || text === null) return null;
  try {
    return parseCalibration(text, file).verdicts ?? null;
  } catch (error) {
    if (error instanceof AbtieError) return null;
    throw error;
  }
}

type JudgedRows = Pick<RunRows, "ids" | "probabilities" | "obtained" | "reasons">;

/** Counts the sets of verdicts of a run, and measures them on the rows that have labels, if there are any. */
export function summariseVerdicts(
  rules: VerdictRules,
  rows: JudgedRows,
  labelled: (Omit<Scored, "probabilities"> & { readonly rows: JudgedRows }) | null,
  options: BootstrapOptions,
): VerdictSummary {
  const verdicts = verdictsOf(rules, rows);
  const { coverage, maxError, confidence } = rules;
  return {
    coverage,
    maxError,
    confidence,
    rows: verdicts.length,
    sizes: ["none", ...rows.probabilities.classes].map(
      (_, size) => verdicts.filter(({ set }) => set.length === size).length,
    ),
    accepted: verdicts.filter(({ abstains }) => !abstains).length,
    measured:
      labelled === null ? null : measureVerdicts(verdictsOf(rules, labelled.rows), labelled.rows, labelled, options),
  };
}

function verdictsOf(rules: VerdictRules, rows: JudgedRows): readonly RowVerdict[] {
  return rows.ids.map((_, row) =>
    verdictOfRow(rules, {
      probabilities: rowAt(rows.probabilities, row),
      obtained: rows.obtained[row] ?? "prior",
      reason: rows.reasons[row] ?? null,
    }),
  );
}

function measureVerdicts(
  verdicts: readonly RowVerdict[],
  { probabilities }: JudgedRows,
  { truth, groups, weights = null }: Omit<Scored, "probabilities">,
  options: BootstrapOptions,
): NonNullable<VerdictSummary["measured"]> {
  const all = Uint32Array.from(verdicts.keys());
  const estimate = (members: Uint32Array, measure: (row: number) => number, weightOf: (row: number) => number) =>
    bootstrapMean(
      Float64Array.from(members, measure),
      members.map((row) => groups[row] as number),
      options,
      takeWeights(Float64Array.from(all, weightOf), members),
    );
  const own = (row: number): number => weights?.[row] ?? 1;
  const wrongOf = (row: number): number => 1 - (rowAt(truth, row)[argmax(rowAt(probabilities, row))] ?? 0);
  const accepted = all.filter((row) => verdicts[row]?.abstains === false);
  return {
    held: CLASSES.slice(0, truth.classes.length).flatMap((name, index) => {
      const share = (row: number): number => own(row) * (rowAt(truth, row)[index] ?? 0);
      const members = all.filter((row) => share(row) > 0);
      const holds = (row: number): number => Number(verdicts[row]?.set.includes(name) ?? false);
      return members.length === 0 ? [] : [{ name, share: estimate(members, holds, share) }];
    }),
    wrong: accepted.length === 0 ? null : estimate(accepted, wrongOf, own),
  };
}
