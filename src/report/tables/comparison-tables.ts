import type { ComparisonBase, ComparisonData, Pair, VariantBase, VariantResult } from "../data/comparison-data.ts";
import { counted, duration, fixed, probability, signed, small } from "../text/number.ts";
import {
  type Cell,
  type Column,
  countCell,
  eceCell,
  estimateCell,
  loss,
  massCell,
  numberCell,
  numberColumn,
  rate,
  type Table,
  textColumn,
  yesCell,
} from "./table.ts";

/** Lists the scores of each variant with 95 % intervals. */
export function variantScores({ variants }: Pick<ComparisonData, "variants">): Table {
  const judged = (variant: VariantResult) => variant.calibrated ?? variant.raw;
  const calibrated: readonly VariantColumn<VariantResult>[] = [
    [
      numberColumn("Log loss, calibrated", "out of fold, nats, lower is better"),
      (variant) => estimateCell(variant.calibrated?.logLoss ?? null, loss),
    ],
  ];
  return tableOf("Scores", variants, [
    [numberColumn("Log loss, raw", "nats, lower is better"), ({ raw }) => estimateCell(raw.logLoss, loss)],
    ...(variants.some((variant) => variant.calibrated !== null) ? calibrated : []),
    [
      numberColumn("Gain over the prior", "over the share of each class, nats, higher is better"),
      ({ gainOverPrior }) => estimateCell(gainOverPrior, (value) => signed(value, 3)),
    ],
    [numberColumn("Accuracy", "higher is better"), (variant) => estimateCell(judged(variant).accuracy, rate)],
    [
      numberColumn("Brier score", "sum over the classes, lower is better"),
      (variant) => estimateCell(judged(variant).brier, loss),
    ],
    [numberColumn("ECE", "expected calibration error, lower is better"), (variant) => eceCell(judged(variant))],
  ]);
}

/** Lists the label mass, if a variant has one, the position bias and the cost of each variant. */
export function variantCosts({
  variants,
  job,
}: Pick<ComparisonBase, "job"> & { readonly variants: readonly VariantBase[] }): Table {
  const swapped: readonly VariantColumn<VariantBase>[] = [
    [
      numberColumn("Flip rate", "share of rows whose verdict changes with the order"),
      ({ flipRate }) => estimateCell(flipRate, rate),
    ],
    [
      numberColumn(
        "Position bias",
        "share of rows that change towards the answer shown first minus towards the second",
      ),
      ({ positionBias }) => numberCell(positionBias, (value) => signed(value, 3)),
    ],
  ];
  const mass: readonly VariantColumn<VariantBase>[] = [
    [numberColumn("Label mass", massHint(variants)), (variant) => massCell(variant.mass)],
  ];
  const fits: readonly VariantColumn<VariantBase>[] = [
    [textColumn(`Fits ${duration(job.deadlineMs)}`), ({ fits }) => yesCell(fits)],
  ];
  const hasMass = hasLabelMass(variants);
  const hasBias = variants.some(({ flipRate, positionBias }) => flipRate !== null || positionBias !== null);
  return tableOf(costCaption(hasMass, hasBias), variants, [
    ...(hasMass ? mass : []),
    ...(hasBias ? swapped : []),
    [numberColumn("Tokens a row", "prompt tokens"), ({ tokensPerRow }) => countCell(tokensPerRow)],
    [
      numberColumn("Seconds a row", "time of the engine, lower is better"),
      ({ secondsPerRow }) => numberCell(secondsPerRow, (value) => (value < 0.1 ? small(value) : fixed(value, 3))),
    ],
    [
      numberColumn(counted(job.rows, "row"), "time for all rows of the job"),
      ({ jobMs }) => numberCell(jobMs, duration),
    ],
    ...(job.deadlineMs === null ? [] : fits),
  ]);
}

/** Decides whether the label mass of a variant is known. A classifier has none. */
export function hasLabelMass(variants: readonly Pick<VariantBase, "mass">[]): boolean {
  return variants.some(({ mass }) => mass !== null);
}

function costCaption(hasMass: boolean, hasBias: boolean): string {
  if (hasMass) return hasBias ? "Label mass, position bias, cost" : "Label mass, cost";
  return hasBias ? "Position bias, cost" : "Cost";
}

function massHint(variants: readonly Pick<VariantBase, "mass">[]): string {
  const all = variants.every(({ mass }) => mass !== null);
  return all
    ? "median, and 5th percentile"
    : "median, and 5th percentile; a judge that knows only its classes has none";
}

/** Lists the difference of each pair with its p values. */
export function pairTable(pairs: readonly Pair[]): Table {
  return {
    caption: "Pairs with p values",
    columns: [
      textColumn("Pair"),
      numberColumn("Difference, nats", "log loss of the first minus that of the second: above 0 the second is better"),
      numberColumn("p adjusted", "for the number of pairs (Holm)"),
      textColumn("Decided", "whether one is shown to be better"),
      numberColumn("p alone", "not adjusted"),
      numberColumn("McNemar p", "exact, of the accuracies, adjusted"),
      numberColumn("Rows"),
      textColumn("Log loss", "of raw or calibrated probabilities"),
    ],
    rows: pairs.map((pair) => [
      { text: `${pair.first} minus ${pair.second}` },
      estimateCell(pair.difference, (value) => signed(value, 3)),
      numberCell(pair.adjustedP, probability),
      { text: pair.better === null ? "no" : "yes" },
      numberCell(pair.p, probability),
      numberCell(pair.mcnemarP, probability),
      countCell(pair.rows),
      { text: pair.measure },
    ]),
  };
}

/** A column, and the function that makes its cell for a variant. */
type VariantColumn<V extends VariantBase> = readonly [Column, (variant: V) => Cell];

function tableOf<V extends VariantBase>(
  caption: string,
  variants: readonly V[],
  columns: readonly VariantColumn<V>[],
): Table {
  return {
    caption,
    columns: [textColumn("Variant"), ...columns.map(([column]) => column)],
    rows: variants.map((variant) => [{ text: variant.name }, ...columns.map(([, cell]) => cell(variant))]),
  };
}
