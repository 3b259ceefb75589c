import { CLASS_TEXT } from "../classes.ts";
import type { Classes } from "../types.ts";
import { type Columns, DEFAULT_COLUMNS } from "../types.ts";

/** What decides how a person labels rows: the columns and the truth of the config, and the classes of the judge. */
export interface LabelSettings {
  readonly columns: Pick<Columns, "labels" | "votes" | "label" | "codes">;
  readonly truth: "labels" | "votes";
  readonly classes: Classes;
}

/** Lists the columns in which a person labels: one, or those with weights that the config names. */
export function labelColumns({ columns: { label, labels, votes }, truth, classes }: LabelSettings): readonly string[] {
  if (truth === "votes") return [votes];
  if (label !== null) return [label];
  const isUsual = labels.every((name, k) => name === DEFAULT_COLUMNS.labels[k]);
  return isUsual ? ["winner"] : labels.slice(0, classes.length);
}

/** Tells a person what to write into which columns, as an order: "Write A, B or tie into the column winner". */
export function labelOrder(settings: LabelSettings): string {
  const columns = labelColumns(settings);
  return columns.length === 1
    ? `Write ${labelValues(settings)} into the column ${columns[0]}`
    : `Write 1 into one of the columns ${columns.join(", ")} and 0 into the others`;
}

/** Names the columns that were expected to have labels, with their values. */
export function expectedLabels(settings: LabelSettings): string {
  const columns = labelColumns(settings);
  const { columns: written, truth, classes } = settings;
  const others =
    truth === "labels" && written.label === null
      ? `, or the columns ${written.labels.slice(0, classes.length).join(", ")} with 1 in one of them and 0 in the others`
      : "";
  return columns.length === 1
    ? `expected the column ${columns[0]} with ${labelValues(settings)}${others}`
    : `expected the columns ${columns.join(", ")} with 1 in one of them and 0 in the others`;
}

/** What to add to a command so that it finds labels under other names. */
export const NAME_LABELS =
  'For labels in another column add --set columns.label=NAME, and for codes --set \'columns.codes={"1":"a","2":"b","0":"tie"}\'';

function labelValues({ columns: { codes }, truth, classes }: LabelSettings): string {
  const ways = classes.map((name) => {
    const text = CLASS_TEXT[name];
    const code = Object.entries(codes ?? {}).find(([, meant]) => meant === name)?.[0];
    return truth === "votes" || code === undefined || code === text ? text : `${code} (${text})`;
  });
  const last = ways.at(-1) ?? "";
  const values = `${ways.slice(0, -1).join(", ")} or ${last}`;
  return truth === "votes" ? `${values}, several votes with "|" between them,` : values;
}
