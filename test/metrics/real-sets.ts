import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { type ClassMatrix, repeatRow } from "../../src/class-matrix.ts";
import { classPrior } from "../../src/metrics/class-prior.ts";
import { withTie } from "../helpers/matrix.ts";

export const DATA: string =
  process.env["ABTIE_DATA"] ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

export interface RealSet {
  readonly truth: ClassMatrix;
  readonly groups: Uint32Array;
  readonly prior: ClassMatrix;
  readonly lengths: ClassMatrix;
}

type Cells = Record<string, string>;

/** Reads a real set as golden.py does; null when the data is not on this machine. */
export function realSet(name: "pandalm" | "vicuna80", votes: boolean): RealSet | null {
  const path = `${DATA}/${name}.csv`;
  if (!existsSync(path)) return null;
  const rows: Cells[] = parse(readFileSync(path), { columns: true });
  const numbers = new Map<string, number>();
  const groups = Uint32Array.from(rows, (row) => {
    const prompt = cell(row, "prompt");
    if (!numbers.has(prompt)) numbers.set(prompt, numbers.size);
    return numbers.get(prompt) ?? 0;
  });
  const truth = withTie(rows.flatMap((row) => (votes ? voteShares(row) : winner(row))));
  return {
    truth,
    groups,
    prior: repeatRow(truth.classes, classPrior(truth), rows.length),
    lengths: withTie(rows.flatMap(byLength)),
  };
}

function winner(row: Cells): number[] {
  return ["model_a", "model_b", "tie"].map((name) => Number(cell(row, `winner_${name}`)));
}

function voteShares(row: Cells): number[] {
  const votes = cell(row, "votes").split("|");
  return ["A", "B", "tie"].map((name) => votes.filter((vote) => vote === name).length / votes.length);
}

/** The longer answer wins more often. */
function byLength(row: Cells): number[] {
  const a = Buffer.byteLength(cell(row, "response_a"));
  const share = a / (a + Buffer.byteLength(cell(row, "response_b")));
  const first = 0.2 + 0.5 * share;
  const second = 0.2 + 0.5 * (1 - share);
  return [first, second, 1 - first - second];
}

function cell(row: Cells, name: string): string {
  const value = row[name];
  if (value === undefined) throw new Error(`no column ${name}`);
  return value;
}
