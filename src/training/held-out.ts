import { z } from "zod";
import { type ClassMatrix, rowAt } from "../class-matrix.ts";
import { softmax } from "../classes.ts";
import { parseJson, readLines } from "../files/json-lines.ts";
import type { PerClass } from "../types.ts";

const lineSchema = z.object({
  id: z.string(),
  order: z.enum(["ab", "ba"]),
  logits: z.union([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number(), z.number()])]),
});

/** How far the answers of a served model are from those of the training program for the same prompts. */
export interface ServedDifference {
  /** Rows that both have judged, in the order of the file. */
  readonly rows: number;
  /** Largest and mean absolute difference of a probability. */
  readonly largest: number;
  readonly mean: number;
}

/**
 * Compares the last held-out answers of a training (held_out.jsonl) with the readings of a run in the order ab; null when no row is in
 * both. The base was in its training bits there and is merged here, so that a base in 4 bits gives other numbers.
 */
export async function compareWithTraining(
  file: string,
  { ids, readings }: { readonly ids: readonly string[]; readonly readings: ClassMatrix },
): Promise<ServedDifference | null> {
  const trained = new Map<string, PerClass>();
  for await (const { text } of readLines(file)) {
    const line = lineSchema.safeParse(parseJson(text)).data;
    if (line?.order === "ab") trained.set(line.id, softmax(line.logits));
  }
  const differences = ids.flatMap((id, row) => {
    const before = trained.get(id);
    return before === undefined
      ? []
      : softmax(rowAt(readings, row)).map((share, k) => Math.abs(share - (before[k] ?? 0)));
  });
  if (differences.length === 0) return null;
  const { length } = readings.classes;
  const mean = differences.reduce((sum, each) => sum + each, 0) / differences.length;
  return { rows: differences.length / length, largest: Math.max(...differences), mean };
}
