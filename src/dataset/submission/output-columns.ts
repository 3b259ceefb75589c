import { argmax } from "../../classes.ts";
import { AbtieError } from "../../errors.ts";
import { CLASSES, type Classes, type Obtained, type OutputForm, type PerClass, type RowVerdict } from "../../types.ts";
import { findNearest } from "../columns.ts";
import type { Dataset } from "../open-dataset.ts";
import type { DataCell } from "../sources/source.ts";

/** The rows whose columns an output may repeat. */
export type OutputInput = Pick<Dataset, "path" | "names" | "chosen" | "readCells">;

/** What is known of a row apart from its probabilities. */
export interface RowDetails {
  readonly obtained: Obtained;
  /** Why the row has the prior, or how the mass policy changed its answer; null when neither happened. */
  readonly reason: string | null;
  /** Label mass of the row's first reading; null when there is none. */
  readonly mass: number | null;
  /** The set of verdicts; null or left out when the calibration has no rules for it. */
  readonly verdict?: RowVerdict | null;
}

/** A row of an output. */
export interface OutputRow extends RowDetails {
  readonly index: number;
  readonly id: string;
  readonly probabilities: PerClass;
  /** The probabilities as they are written. */
  readonly digits: readonly string[];
  /** The cells of the input; empty when the output repeats none. */
  readonly cells: readonly DataCell[];
}

/** Some rows of an output, each with one cell for each column. */
export type Block = readonly (readonly DataCell[])[];

/** A column as a file has it. The cell of a number is its text, or null. */
export interface EncodedColumn {
  readonly name: string;
  readonly isNumber: boolean;
}

/** A column of an output. */
export interface OutputColumn extends EncodedColumn {
  readonly cellOf: (row: OutputRow) => DataCell;
}

/** The names of the id and of the probabilities, and the classes of the judge, without a tie or with one. */
interface OutputNames {
  readonly id: string;
  readonly labels: readonly string[];
  readonly classes: Classes;
}

/**
 * Lists the columns of an output: id and probabilities; in every form but a submission also columns of the input, the
 * verdict (the class with the largest probability), how it was obtained, and the label mass; the set of verdicts and whether the
 * verdict is not accepted only where the form names them. A column of the input with
 * the name of another one, or of a label that the judge does not have, begins with "input_". Throws AbtieError("config") for a column that the input does not have.
 */
export function outputColumns(
  form: OutputForm,
  { id, labels, classes }: OutputNames,
  input: Pick<OutputInput, "path" | "names" | "chosen"> | null,
): readonly OutputColumn[] {
  const ids = text(id, (row) => row.id);
  const probabilities = labels
    .slice(0, classes.length)
    .map((name, k) => number(name, ({ digits }) => digits[k] ?? null));
  if (form.kind === "submission") return [ids, ...probabilities];
  const results = [
    ...probabilities,
    text("verdict", (row) => CLASSES[argmax(row.probabilities)]),
    text("obtained", (row) => row.obtained),
    text("reason", (row) => row.reason),
    number("label_mass", ({ mass }) => (mass === null ? null : String(mass))),
    ...verdictColumns(form, classes, input),
    ...(input?.chosen ? [text("chosen_side", ({ index }) => input.chosen?.[index] ?? null)] : []),
  ];
  // Without a tie, a column of the input with the name of the tie would be read back as a probability.
  const reserved = new Set([id, ...labels, ...results.map(({ name }) => name)]);
  const wanted = repeatedColumns(form, input).filter(({ name }) => name !== id);
  const taken = new Set([...reserved, ...wanted.map(({ name }) => name)]);
  const repeated = wanted.map(({ name, at }) => {
    const own = reserved.has(name) ? unusedName(name, taken) : name;
    taken.add(own);
    return text(own, ({ cells }) => cells[at]);
  });
  return [ids, ...repeated, ...results];
}

/** The names of the columns that a form must name, and that are not repeated from the input. */
export const VERDICT_COLUMNS = ["set", "abstain"] as const;

/** Lists which of the columns `set` and `abstain` a form names and the input does not have. */
export function namedVerdictColumns(
  { columns }: Pick<OutputForm, "columns">,
  input: Pick<OutputInput, "names"> | null,
): readonly (typeof VERDICT_COLUMNS)[number][] {
  return VERDICT_COLUMNS.filter((name) => columns.includes(name) && !(input?.names.includes(name) ?? false));
}

/** A row without a verdict, for example before it was judged, may have any class. */
function verdictColumns(
  form: OutputForm,
  classes: Classes,
  input: Pick<OutputInput, "names"> | null,
): readonly OutputColumn[] {
  const columns = {
    set: text("set", ({ verdict }) => (verdict?.set ?? classes).join("|")),
    abstain: number("abstain", ({ verdict }) => ((verdict?.abstains ?? true) ? "1" : "0")),
  } as const satisfies Record<(typeof VERDICT_COLUMNS)[number], OutputColumn>;
  return namedVerdictColumns(form, input).map((name) => columns[name]);
}

/** The input may be an output of an earlier run, which has such names itself. */
function unusedName(name: string, taken: ReadonlySet<string>): string {
  const longer = `input_${name}`;
  return taken.has(longer) ? unusedName(longer, taken) : longer;
}

function repeatedColumns(
  form: OutputForm,
  input: Pick<OutputInput, "path" | "names"> | null,
): readonly { readonly name: string; readonly at: number }[] {
  const { path, names } = input ?? { path: "the input", names: [] };
  if (form.columns === "all") return names.map((name, at) => ({ name, at }));
  const own: readonly string[] = namedVerdictColumns(form, input);
  const columns = form.columns.filter((name) => !own.includes(name));
  const unknown = columns.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const described = unknown.map((name) => {
      const nearest = findNearest(name, names);
      return `${JSON.stringify(name)}${nearest === null ? "" : ` (did you mean ${JSON.stringify(nearest)}?)`}`;
    });
    throw new AbtieError(
      "config",
      `output.columns names ${described.join(", ")}, which ${path} does not have. Its columns are: ${names.join(", ")}`,
    );
  }
  return [...new Set(columns)].map((name) => ({ name, at: names.indexOf(name) }));
}

function text(name: string, cellOf: OutputColumn["cellOf"]): OutputColumn {
  return { name, isNumber: false, cellOf };
}

function number(name: string, cellOf: OutputColumn["cellOf"]): OutputColumn {
  return { name, isNumber: true, cellOf };
}
