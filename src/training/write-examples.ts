import { join } from "node:path";
import { type ClassMatrix, rowAt } from "../class-matrix.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { replaceFile } from "../files/atomic.ts";
import { formatCount, plural } from "../format.ts";
import type { Judge } from "../judge/judge.ts";
import { normalisedWeights } from "../metrics/weights.ts";
import { DATA_FILES, type DataFile } from "./data-file.ts";
import { exampleLine, ORDERS_OF } from "./examples.ts";

/** What the model shall answer. */
export interface Targets {
  /** Probabilities of the judge's classes for each row. */
  readonly truth: ClassMatrix;
  /** For each row why it cannot be trained on; null for a row that can. */
  readonly unusable: (row: number) => string | null;
}

interface WriteInput extends Targets {
  readonly dataset: Dataset;
  readonly orders: "one" | "both";
  readonly judge: Pick<Judge, "prepare" | "scorer">;
  readonly folds: Uint32Array;
}

/** What was written, in numbers. */
export interface Written {
  /** The rows that examples were made of. */
  readonly kept: readonly number[];
  readonly counts: Pick<DataFile, "rows" | "examples" | "tokens" | "cut">;
  readonly dropped: ReadonlyMap<string, number>;
  readonly sha256: string;
}

/** Rows whose prompts are made at the same time: enough for several threads. */
const ROWS_AT_ONCE = 64;

/**
 * Writes one line for each row and order into examples.jsonl, both orders of a row behind each other. Throws AbtieError("data") when no
 * row is left or the disk fails, and like the preparer.
 */
export async function writeExamples(
  folder: string,
  input: WriteInput,
  effects: Pick<Effects, "signal" | "progress">,
): Promise<Written> {
  const { dataset, judge, folds, truth, orders } = input;
  const weights = weightsOf(dataset);
  const kept: number[] = [];
  const dropped = new Map<string, number>();
  let [examples, total, longest, cut, digest] = [0, 0, 0, 0, ""];
  const prepareRow = async (row: number): Promise<{ row: number; lines: readonly string[] } | string> => {
    const unusable = input.unusable(row);
    if (unusable !== null) return unusable;
    const tasks = await Promise.all(ORDERS_OF[orders].map((order) => judge.prepare(row, order, null)));
    if (tasks.some(({ refusal }) => refusal !== null)) return "its texts form control tokens";
    if (tasks.some(({ scorer }) => scorer !== judge.scorer)) return "the labels have other tokens behind its prompt";
    const target = rowAt(truth, row);
    const [id, fold, group] = [dataset.ids[row] ?? "", folds[row] ?? 0, dataset.groups[row] ?? 0];
    for (const { ids, cutTokens } of tasks) {
      examples += 1;
      total += ids.length;
      longest = Math.max(longest, ids.length);
      if (cutTokens > 0) cut += 1;
    }
    const lines = tasks.map(({ order, ids, cutTokens }) =>
      exampleLine({ id, row, order, fold, group, ids, target, weight: weights?.[row] ?? 1, cut: cutTokens }),
    );
    return { row, lines };
  };
  async function* lines(): AsyncGenerator<string> {
    const count = dataset.ids.length;
    for (let start = 0; start < count; start += ROWS_AT_ONCE) {
      effects.signal.throwIfAborted();
      const block = Array.from({ length: Math.min(ROWS_AT_ONCE, count - start) }, (_, at) => start + at);
      for (const made of await Promise.all(block.map(prepareRow))) {
        if (typeof made === "string") {
          dropped.set(made, (dropped.get(made) ?? 0) + 1);
          continue;
        }
        kept.push(made.row);
        yield* made.lines;
      }
      const text = `${formatCount(start + block.length)} of ${plural(count, "row")}`;
      effects.progress({ stage: "step", name: "prepare", text });
    }
  }
  await replaceFile(join(folder, DATA_FILES.examples), lines(), {
    beforeReplace: async (content) => {
      digest = content.sha256;
    },
  });
  if (examples === 0) throw nothingLeft(dropped);
  return { kept, counts: { rows: kept.length, examples, tokens: { total, longest }, cut }, dropped, sha256: digest };
}

function weightsOf({ inclusion }: Dataset): Float64Array | null {
  return inclusion === null ? null : normalisedWeights(inclusion.map((probability) => 1 / probability));
}

/** Makes the error for a file of which no row can be learned. */
export function nothingLeft(dropped: ReadonlyMap<string, number>): AbtieError {
  return new AbtieError("data", "no row is left to train on: look at the reasons below", {
    details: [...dropped].map(([reason, rows]) => `${plural(rows, "row")}: ${reason}`),
  });
}
