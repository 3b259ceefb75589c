import { matrixOf, pickRows } from "../class-matrix.ts";
import { classesOf } from "../classes.ts";
import type { Obtained, PerClass, RowVerdict } from "../types.ts";
import { applyCalibration, type Parameters } from "./apply.ts";
import { groupedFolds } from "./cross-validate.ts";
import type { LabelledReadings } from "./fit.ts";
import { readingsOf } from "./readings.ts";
import { fitVerdictRule, type VerdictRule, type VerdictTargets, verdictBy } from "./verdict-rule.ts";

/** The rules of a calibration. Rows in both orders are surer than rows in one, so that each kind has a rule of its own. */
export interface VerdictRules extends VerdictTargets {
  /** Null when too few labelled rows have this kind of answer. */
  readonly oneOrder: VerdictRule | null;
  readonly bothOrders: VerdictRule | null;
}

/** A row as its verdict needs it. */
export interface JudgedRow {
  readonly probabilities: PerClass;
  readonly obtained: Obtained;
  /** Why the row has no answer, or how the mass policy changed it; null when neither happened. */
  readonly reason: string | null;
}

/** Divides labelled rows by prompt into those to which a calibration is fitted, and those to which its rules are. */
export function splitForVerdicts(
  groups: Uint32Array,
  seed: number,
): { readonly fit: Uint32Array; readonly rules: Uint32Array } {
  const folds = groupedFolds(groups, 2, seed);
  const rows = Uint32Array.from(groups.keys());
  return { fit: rows.filter((row) => folds[row] === 0), rules: rows.filter((row) => folds[row] === 1) };
}

/** Fits the rules to rows that the parameters were not fitted to. */
export function fitVerdictRules(
  parameters: Parameters,
  held: LabelledReadings,
  targets: VerdictTargets,
  seed: number,
): VerdictRules {
  const ruleOf = (orders: "one" | "both"): VerdictRule | null => {
    const rows = Uint32Array.from(held.groups.keys()).filter((row) => {
      const { ab, ba } = readingsOf(held.readings, row);
      return ab !== null && (orders === "one" || ba !== null);
    });
    if (rows.length < FEWEST_ROWS) return null;
    const judged = Array.from(rows, (row) => {
      const { ab, ba } = readingsOf(held.readings, row);
      return applyCalibration(parameters, { ab, ba: orders === "one" ? null : ba });
    });
    const truth = pickRows(held.truth, rows);
    const probabilities = matrixOf(truth.classes, judged);
    return fitVerdictRule(
      { probabilities, truth, groups: rows.map((row) => held.groups[row] as number) },
      targets,
      seed,
    );
  };
  return { ...targets, oneOrder: ruleOf("one"), bothOrders: ruleOf("both") };
}

const FEWEST_ROWS = 20;

/**
 * Gives the verdict of a row. A row without a full answer, or whose answer the mass policy changed, and a row of a
 * kind without a rule has all classes in its set and abstains: the labelled rows say nothing about it.
 */
export function verdictOfRow(rules: VerdictRules, row: JudgedRow): RowVerdict {
  const rule = ruleFor(rules, row);
  if (rule !== null) return verdictBy(rule, row.probabilities);
  return { set: classesOf(row.probabilities.length === 3), abstains: true };
}

function ruleFor({ oneOrder, bothOrders }: VerdictRules, { obtained, reason }: JudgedRow): VerdictRule | null {
  if (reason !== null) return null;
  switch (obtained) {
    case "both-orders":
      return bothOrders;
    case "one-order":
      return oneOrder;
    case "second-judge-both-orders":
    case "second-judge-one-order":
    case "one-order-short":
    case "prior":
      return null;
    default:
      return obtained satisfies never;
  }
}
