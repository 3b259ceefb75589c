import type { Order } from "../types.ts";
import type { Lengths } from "./lengths.ts";

/** One prompt that is sent to measure the engine. */
export interface SampledPrompt {
  readonly row: number;
  readonly order: Order;
}

/**
 * The prompts of a bench. Each is sent only once, because a server with a prefix cache answers a repeated prompt
 * faster.
 */
export interface SamplingOrder {
  /** Rows at equal distances in length, from the shortest to the longest. The time of a row is fitted to them. */
  readonly sample: readonly SampledPrompt[];
  /**
   * All other prompts. Every part of this list contains rows of all lengths. The rows first have the order of answers
   * in the file, then the swapped order.
   */
  readonly others: readonly SampledPrompt[];
}

/** Divides the rows of a file into the sample and the other prompts. The sample contains at most half of the rows. */
export function samplingOrderOf({ rows }: Lengths, sampleRows: number): SamplingOrder {
  const count = Math.min(sampleRows, Math.floor(rows.length / 2));
  const sampled = new Set(Array.from({ length: count }, (_, k) => Math.floor(((k + 0.5) * rows.length) / count)));
  const spread = spreadOrder(rows.length);
  const rowAt = (index: number): number => rows[index]?.row ?? 0;
  return {
    sample: [...sampled].map((index) => ({ row: rowAt(index), order: "ab" })),
    others: [
      ...spread.filter((index) => !sampled.has(index)).map((index) => ({ row: rowAt(index), order: "ab" as const })),
      ...spread.map((index) => ({ row: rowAt(index), order: "ba" as const })),
    ],
  };
}

/**
 * Orders the numbers 0 to n - 1 so that every part of the result is spread evenly over them, by the radical inverse in
 * base 2 (van der Corput's sequence). If the rows are sorted by length, each part is a stratified sample.
 */
export function spreadOrder(n: number): readonly number[] {
  const bits = Math.max(1, Math.ceil(Math.log2(Math.max(2, n))));
  return Array.from({ length: 2 ** bits }, (_, index) => reverseBits(index, bits)).filter((value) => value < n);
}

function reverseBits(value: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit += 1) reversed = reversed * 2 + ((value >> bit) & 1);
  return reversed;
}
