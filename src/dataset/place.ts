import type { Dataset } from "./open-dataset.ts";

/** Says where a row is, as a person finds it in the file, and its id: `line 4 (id "b-21")`. */
export function placeOfRow({ unit, lines, ids }: Pick<Dataset, "unit" | "lines" | "ids">, row: number): string {
  return `${unit} ${lines[row]} (id ${JSON.stringify(ids[row])})`;
}
