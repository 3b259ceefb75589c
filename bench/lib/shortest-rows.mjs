// The shortest rows of a CSV of pairs, for benchmarks on a processor.
import { createReadStream, createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";
import { stringify } from "csv-stringify";

/** Writes the shortest rows of the CSV `input` in order of their length. `change` may change their list before it is written. */
export async function writeShortest(target, { input, rows, change = () => {} }) {
  const records = [];
  const source = createReadStream(resolve(input)).pipe(parse({ columns: true, bom: true }));
  for await (const record of source) records.push(record);
  const size = ({ prompt, response_a, response_b }) => prompt.length + response_a.length + response_b.length;
  const shortest = records.toSorted((one, other) => size(one) - size(other)).slice(0, rows);
  change(shortest, records);
  await pipeline(Readable.from(shortest), stringify({ header: true }), createWriteStream(target));
}
