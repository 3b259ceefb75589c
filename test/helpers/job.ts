import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify as toCsv } from "csv-stringify/sync";
import { stringify as toYaml } from "yaml";
import { type Fake, type FakeKnobs, SERVE_ARGUMENTS, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { temporaryFolder } from "./folder.ts";
import { seeded } from "./random.ts";

export const FAKE: string = fileURLToPath(new URL("../fixtures/engine/fake-vllm.mjs", import.meta.url));
export const TOKENIZER: string = fileURLToPath(new URL("../../launch/fake-model", import.meta.url));

/** The ids of " A", " B" and " tie" in that tokenizer: what the fake's model likes to answer with. */
export const LABELS: readonly [number, number, number] = [288, 373, 377];

/** A template that leaves the prompts short, so that the tests spend their time elsewhere. */
export const TEMPLATE = `---
description: Short prompts for tests.
format: raw
labels: {a: " A", b: " B", tie: " tie"}
answer_prefix: "Answer:"
---
{{ prompt }}
A: {{ response_a }}
B: {{ response_b }}
`;
/** The same template for a chat. */
export const CHAT_TEMPLATE: string = TEMPLATE.replace("format: raw", "format: chat");

/** A folder with everything that a run needs; `rows` are the ids in the order of the file. */
export interface Job {
  readonly folder: string;
  readonly ids: readonly string[];
  readonly submission: string;
  readonly rowsFile: string;
  readonly journal: string;
}

export interface JobOptions {
  readonly rows?: number;
  readonly engine: Readonly<Record<string, unknown>>;
  /** Keys of the config over the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Name of the config file. */
  readonly name?: string;
  /** Words of a response; a share of the rows may have another number. */
  readonly words?: (row: number) => number;
  /** The response that begins with MARK, which a judge with this evidence takes for the better one. */
  readonly better?: (row: number) => "a" | "b" | null;
}

/** A text that no row holds by itself; as evidence for the judge of a job: that token, before or behind "B" in the template. */
const MARK = "! ";
export const EVIDENCE = { token: 0, separator: 33, strength: 2 } as const;

/** Writes rows.csv, template.jinja and job.yaml into a folder of the test. */
export async function writeJob(options: JobOptions): Promise<Job> {
  const { rows = 40, engine, config = {}, name = "job.yaml", words = () => 6, better = () => null } = options;
  const folder = await temporaryFolder({ "template.jinja": TEMPLATE });
  const table = makeRows(rows, words, better);
  await writeFile(join(folder, "rows.csv"), toCsv(table, { header: true }));
  const written = { input: "rows.csv", template: "./template.jinja", run: "run", engine, orders: "one", ...config };
  await writeFile(join(folder, name), toYaml(written));
  return {
    folder,
    ids: table.map(({ id }) => id),
    submission: join(folder, "run/submission.csv"),
    rowsFile: join(folder, "run/rows.jsonl"),
    journal: join(folder, "run/journal.jsonl"),
  };
}

/** The engine of a config: attach to this fake, with the tokenizer of the fixtures. */
export function attachTo(...fakes: readonly Fake[]): Readonly<Record<string, unknown>> {
  return { attach: fakes.map(({ url }) => url), tokenizer: TOKENIZER };
}

/** The engine of a config: a fake that abtie spawns. */
export function spawning(
  knobs: FakeKnobs,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    command: process.execPath,
    args: [FAKE, ...SERVE_ARGUMENTS],
    model: TOKENIZER,
    env: { FAKE_VLLM: JSON.stringify({ labels: LABELS, ...knobs }) },
    stop_grace: "500ms",
    ready_limit: "30s",
    ...more,
  };
}

/** Starts a fake in this process whose model likes the labels of the job. */
export function startJudge(knobs: FakeKnobs = {}): Promise<Fake> {
  return startFake({ labels: LABELS, modelDir: TOKENIZER, ...knobs });
}

const WORDS = "the answer is better because it says what was asked and nothing more than a reader would want".split(
  " ",
);

function makeRows(count: number, words: (row: number) => number, better: (row: number) => "a" | "b" | null) {
  const random = seeded(7);
  const text = (length: number, mark = ""): string =>
    JSON.stringify([mark + Array.from({ length }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ")]);
  return Array.from({ length: count }, (_, row) => ({
    // Above 2^31, not in order, with a leading zero now and then: ids are text.
    id: `${row % 7 === 0 ? "0" : ""}${4_265_282_380 - 7919 * row}`,
    prompt: text(5),
    response_a: text(words(row), better(row) === "a" ? MARK : ""),
    response_b: text(words(row), better(row) === "b" ? MARK : ""),
  }));
}
