import { spreadOrder } from "../concurrency/spread-order.ts";
import type { Order } from "../types.ts";
import type { Lengths } from "./lengths.ts";

/** One prompt to measure with. */
export interface SampledPrompt {
  readonly row: number;
  readonly order: Order;
}

/** The prompts of a bench: each is sent once, since a server remembers what it has read and answers faster the second time. */
export interface SamplingOrder {
  /** Rows at equal distances in length, from the shortest to the longest: what is fitted to. */
  readonly sample: readonly SampledPrompt[];
  /** The others, each stretch of them spread over all lengths: first as in the file, then with the answers swapped. */
  readonly others: readonly SampledPrompt[];
}

/** Divides the rows of a file into the sample and the others. */
export function samplingOrderOf({ rows }: Lengths, sampleRows: number): SamplingOrder {
  const count = Math.min(sampleRows, Math.floor(rows.length / 2));
  const places = new Set(Array.from({ length: count }, (_, k) => Math.floor(((k + 0.5) * rows.length) / count)));
  const spread = spreadOrder(rows.length);
  const rowAt = (place: number): number => rows[place]?.row ?? 0;
  return {
    sample: [...places].map((place) => ({ row: rowAt(place), order: "ab" })),
    others: [
      ...spread.filter((place) => !places.has(place)).map((place) => ({ row: rowAt(place), order: "ab" as const })),
      ...spread.map((place) => ({ row: rowAt(place), order: "ba" as const })),
    ],
  };
}
