import { malformed } from "./malformed.ts";

/** The bytes of all answers of one client that are being read at this moment, and the most that there may be. */
export interface ReadBudget {
  readonly limit: number;
  used: number;
}

/**
 * Reads a body to its end as UTF-8. A body of more than `maxBytes` is cut there when `cut` is true, and else refused with
 * RequestError("malformed"); in both cases the rest is not read. The bytes are counted after decompression, so a small
 * compressed answer cannot fill the memory either. `budget` bounds all bodies that are read at the same time.
 */
export async function readBounded(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, cut, budget }: { readonly maxBytes: number; readonly cut: boolean; readonly budget: ReadBudget },
): Promise<string> {
  // One growing buffer instead of a list of chunks, because a server may send its answer byte by byte.
  let bytes = new Uint8Array(FIRST_BYTES);
  let length = 0;
  try {
    // Leaving the loop closes the body, so the rest is not read.
    for await (const chunk of body) {
      const room = maxBytes - length;
      const taken = chunk.byteLength > room ? chunk.subarray(0, room) : chunk;
      if (taken.byteLength < chunk.byteLength && !cut) throw tooLong(maxBytes);
      if (budget.used + taken.byteLength > budget.limit) throw tooLong(budget.limit);
      bytes = withRoom(bytes, length + taken.byteLength);
      bytes.set(taken, length);
      length += taken.byteLength;
      budget.used += taken.byteLength;
      if (taken.byteLength < chunk.byteLength) break;
    }
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    budget.used -= length;
  }
}

const FIRST_BYTES = 16_384;

function withRoom(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.byteLength) return bytes;
  const larger = new Uint8Array(Math.max(length, 2 * bytes.byteLength));
  larger.set(bytes);
  return larger;
}

function tooLong(limit: number): Error {
  return malformed(`is longer than ${(limit / 1e6).toFixed(1)} MB, more than abtie reads`, null);
}
