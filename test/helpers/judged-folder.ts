import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { mapClasses, perClass, softmax, swap } from "../../src/classes.ts";
import { writeManifest } from "../../src/runfolder/manifest/manifest.ts";
import { type RowRecord, writeRows } from "../../src/runfolder/rows-file.ts";
import { CLASSES, type Classes, DEFAULT_COLUMNS, type PerClass } from "../../src/types.ts";
import { temporaryFolder } from "./folder.ts";
import { seeded } from "./random.ts";

export const TEMPLATE_SHA = "5".repeat(64);

/** Writes rows.csv with labels, and the folder `run` of a simulated judge: what it says is the truth's log odds x sharpness. */
export async function writeJudged(options: {
  readonly rows: number;
  /** 1 for a calibrated judge; above, it is too sure of itself. */
  readonly sharpness: number;
  readonly orders: "one" | "both";
  /** The classes of the judge; default with a tie. Without one, every tenth row is labelled as a tie all the same. */
  readonly classes?: Classes;
}): Promise<string> {
  const { rows, sharpness, orders, classes = CLASSES } = options;
  const folder = await temporaryFolder();
  const random = seeded(11);
  const table: Record<string, string | number>[] = [];
  const records: RowRecord[] = [];
  for (let row = 0; row < rows; row += 1) {
    const odds = perClass(classes, (_, place) => (place === 2 ? 2 : 4) * random() - 2);
    const drawn = draw(softmax(odds), random());
    const truth = classes.length === 2 && row % 10 === 9 ? 2 : drawn;
    table.push({
      id: `r${row}`,
      prompt: `What is ${Math.floor(row / 2)}?`,
      response_a: "One.",
      response_b: "Two, they say.",
      ...Object.fromEntries(DEFAULT_COLUMNS.labels.map((name, place) => [name, place === truth ? 1 : 0])),
    });
    records.push(
      record(
        `r${row}`,
        mapClasses(odds, (value) => sharpness * value),
        orders,
      ),
    );
  }
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "rows.csv"), stringify(table, { header: true }));
  await writeRows(join(folder, "run/rows.jsonl"), records);
  await writeManifest(join(folder, "run/manifest.json"), manifest(folder, { rows, orders, classes }));
  return folder;
}

/** Writes labels.csv for rows.csv of a job: a seeded draw, rows in reverse, and votes beside. */
export async function writeLabels(folder: string, count = Number.POSITIVE_INFINITY): Promise<void> {
  const random = seeded(5);
  const rows = parse(readFileSync(join(folder, "rows.csv"), "utf8"), { columns: true }) as Record<string, string>[];
  const labelled = rows.slice(0, count).map((row) => {
    const truth = draw([0.5, 0.3, 0.2], random());
    const labels = DEFAULT_COLUMNS.labels.map((name, place) => [name, place === truth ? "1" : "0"]);
    return { ...row, ...Object.fromEntries(labels), votes: `${"A|B|tie".split("|")[truth]}|tie` };
  });
  await writeFile(join(folder, "labels.csv"), stringify(labelled.reverse(), { header: true }));
}

function record(id: string, shown: PerClass, orders: "one" | "both"): RowRecord {
  const reading = (scores: PerClass) => ({
    logProbs: mapClasses(softmax(scores), (share) => Math.log(share / 2)),
    mass: 0.5,
    bounded: false,
    tokens: 20,
    cutTokens: 0,
    neutralised: 0,
    short: false,
  });
  return {
    id,
    probabilities: softmax(shown),
    obtained: orders === "both" ? "both-orders" : "one-order",
    reason: null,
    attempts: 1,
    ab: reading(shown),
    ba: orders === "both" ? reading(swap(shown)) : null,
  };
}

function manifest(
  folder: string,
  { rows, orders, classes }: { readonly rows: number; readonly orders: "one" | "both"; readonly classes: Classes },
) {
  return {
    format: 2 as const,
    model: null,
    createdAt: "2026-01-02T03:04:05.000Z",
    versions: { abtie: "0.1.0", node: "v20.19.0" },
    config: {
      input: join(folder, "rows.csv"),
      columns: { ...DEFAULT_COLUMNS, labels: [...DEFAULT_COLUMNS.labels] },
      truth: "labels",
      template: join(folder, "t.jinja"),
      classes: [...classes],
      limit: null,
      seed: 3,
      orders,
      calibration: null,
      mass: { minimum: 0.01, action: "warn" },
      clip: [0.005, 0.99],
      time: { deadline: null, startedAt: null },
      engine: { name: "simulated", model: "judge-1b", tokenizer: null },
    },
    hashes: { data: "0".repeat(64), template: TEMPLATE_SHA },
    rows,
    labels: classes.length === 2 ? { a: [" A"], b: [" B"] } : { a: [" A"], b: [" B"], tie: [" tie"] },
    method: "auto",
  };
}

function draw([a, b]: readonly number[], uniform: number): 0 | 1 | 2 {
  if (uniform < (a ?? 0)) return 0;
  return uniform < (a ?? 0) + (b ?? 0) ? 1 : 2;
}
