import type { PerClass } from "../../types.ts";
import type { ComparisonBase, Disagreement, PairAgreement, VariantBase } from "../data/comparison-data.ts";
import { count, counted, fixed, percent } from "../text/number.ts";
import { countCell, estimateCell, loss, numberCell, numberColumn, rate, type Table, textColumn } from "./table.ts";

/** Lists how far each pair of variants agrees. */
export function agreementTable({ agreement, rows }: Pick<ComparisonBase, "agreement" | "rows">): Table {
  return {
    caption: "Agreement",
    columns: [
      textColumn("Pair"),
      numberColumn("Same verdict", "share of the rows"),
      numberColumn("Kappa", "agreement beyond chance: 1 is perfect, 0 is chance"),
      numberColumn("Distance", "mean difference of the probabilities (total variation)"),
      numberColumn("Rows"),
    ],
    rows: agreement.map(({ first, second, share, kappa, distance }) => [
      { text: `${first} and ${second}` },
      estimateCell(share, rate),
      estimateCell(kappa, loss),
      numberCell(distance, rate),
      countCell(rows),
    ]),
  };
}

/** Lists the shares of the verdicts of each variant, and the share that changes when rows are scored again. */
export function verdictTable(variants: readonly VariantBase[]): Table {
  const names = NAMES.slice(0, variants[0]?.verdicts.length);
  return {
    caption: "Verdicts",
    columns: [
      textColumn("Variant"),
      ...names.map((name) => numberColumn(`Verdict ${name}`, "share of the rows")),
      numberColumn(`Mean probability ${names.join(", ")}`),
      numberColumn("Changed when scored again", "share of the verdicts of a sample"),
    ],
    rows: variants.map(({ name, verdicts, meanProbabilities, rescored }) => [
      { text: name },
      ...verdicts.map((share) => numberCell(share, rate)),
      { text: meanProbabilities.map((value) => fixed(value, 3)).join(", ") },
      estimateCell(rescored?.changed ?? null, rate),
    ]),
  };
}

/** Counts the rows of a pair by both verdicts. */
export function crossTable({ first, second, verdicts }: PairAgreement): Table {
  return {
    caption: `Rows by verdict of ${first} and of ${second}`,
    columns: [textColumn(first), ...NAMES.slice(0, verdicts.length).map((name) => numberColumn(`${second}: ${name}`))],
    rows: verdicts.map((line, index) => [{ text: NAMES[index] ?? "" }, ...line.map(countCell)]),
  };
}

const NAMES = ["A", "B", "tie"] as const;

/** Length of the prompt's beginning in a table, in characters. */
const PROMPT_START = 60;

/** Lists the rows on which a pair disagrees most. */
export function disagreementTable({ first, second, verdicts, most }: PairAgreement): Table {
  const names = NAMES.slice(0, verdicts.length).join(", ");
  return {
    caption: `${first} and ${second}: the rows with the largest difference`,
    columns: [
      textColumn("Row"),
      numberColumn(`${first}: ${names}`),
      numberColumn(`${second}: ${names}`),
      numberColumn("Distance"),
      textColumn("Prompt"),
    ],
    rows: most.map((row) => [
      { text: row.id },
      { text: odds(row.first) },
      { text: odds(row.second) },
      numberCell(row.distance, percent),
      { text: promptStart(row) },
    ]),
  };
}

function odds(probabilities: PerClass): string {
  return probabilities.map((value) => fixed(value, 2)).join(", ");
}

function promptStart({ prompt }: Disagreement): string {
  const characters = [...prompt.replace(/\s+/g, " ").trim()];
  return characters.length <= PROMPT_START ? characters.join("") : `${characters.slice(0, PROMPT_START - 1).join("")}…`;
}

/** Describes the number of rows on which a pair has different verdicts. */
export function differingRows({ verdicts }: PairAgreement): string {
  const total = verdicts.flat().reduce<number>((sum, rows) => sum + rows, 0);
  const same = verdicts.reduce((sum, line, index) => sum + (line[index] ?? 0), 0);
  return `${count(total - same)} of ${counted(total, "row")}`;
}
