import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ListeningFakeServer, startFakeServer } from "../../src/commands/fake-server.ts";
import { systemClock } from "../../src/system.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";

/** Examples that this machine cannot run here, by their beginning, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "abtie setup": "installs vLLM from package registries; test/setup runs it against its own",
  "ABTIE_HOME=/data/abtie abtie setup": "installs vLLM, into a folder of the root",
  "abtie fake-server": "runs until Ctrl-C; test/fake-server/command.test.ts starts and stops it",
  "abtie plan job.yaml --gpu-memory":
    "needs the config.json of a real model; test/engine/memory.test.ts computes with some",
  "abtie merge": "needs a Python with peft and a base model; test/setup/merge.test.ts runs it",
  "abtie make":
    "needs a Python with torch and an engine; test/faults/make.test.ts runs it with programs in their place",
  "abtie train recipe.yaml": "needs a Python with torch; test/faults/make.test.ts runs it with a program in its place",
  "abtie quantize": "needs a Python with llmcompressor; test/faults/make.test.ts runs it with a program in its place",
  "abtie generate": "needs a server that writes chats; test/generate runs it against one",
  "abtie run -i rows.csv -t classifier": "starts vLLM with the classifier that `abtie merge` makes; test/e2e runs one",
};
/** Examples that are right to end with another status than 0: thresholds that made-up verdicts do not keep. */
const STATUS: Readonly<Record<string, readonly number[]>> = {
  "--max-log-loss": [0, 6],
  // Made-up verdicts cannot always be calibrated.
  "abtie calibrate": [0, 3],
};

const ROWS: readonly Record<string, string>[] = (
  parse(readFileSync("examples/rows.csv"), { columns: true }) as Record<string, string>[]
)
  .slice(0, 24)
  .map((row) => ({ ...row, votes: row["winner_model_a"] === "1" ? "A|A|tie" : "B|tie" }));

const LINES: readonly string[] = [...new Set(readdirSync("test/cli/snapshots").flatMap(linesOf))];

let server: ListeningFakeServer;
let prepared = "";

beforeAll(async () => {
  const usual = { port: 0, rowsPerSecond: null, latencyMs: 0, seed: 0, maxModelLen: 8192, faults: [] };
  server = await startFakeServer({ ...usual, quality: 0.7 }, { clock: systemClock });
  prepared = await prepare();
}, 120_000);

afterAll(() => server[Symbol.asyncDispose]());

test("each reason not to run an example belongs to one", () => {
  for (const begin of Object.keys(NOT_RUN)) expect(LINES.filter((line) => line.startsWith(begin))).not.toEqual([]);
});

test.each(LINES.filter((line) => !Object.keys(NOT_RUN).some((begin) => line.startsWith(begin))))(
  "runs as printed: %s",
  async (line) => {
    const folder = await temporaryFolder();
    await cp(prepared, folder, { recursive: true });
    const [, command, ...args] = line.replaceAll(/http:\/\/[\w.-]+:8000/g, server.url).split(" ");
    // What the example writes must not be there, and the shards lie in the folder of the job.
    const output = /-o (\S+)/.exec(line)?.[1];
    if (output !== undefined) await rm(join(folder, output), { force: true });
    if (command === "join") {
      await rm(join(folder, "runs/job"), { recursive: true });
      for (const shard of ["1/2", "2/2"]) await inProcess(["run", "job.yaml", "--shard", shard], folder);
    }
    const { status, stderr } = await inProcess([command ?? "", ...args], folder);
    const allowed = Object.entries(STATUS).find(([part]) => line.includes(part))?.[1] ?? [0];
    if (!allowed.includes(status)) throw new Error(`status ${status}: ${stderr.slice(-400)}`);
    expect({ status, stderr }).toEqual({ status: expect.toBeOneOf([...allowed]), stderr });
  },
);

/** Makes a folder with everything that the examples name. */
async function prepare(): Promise<string> {
  const folder = await temporaryFolder();
  const rows = stringify([...ROWS], { header: true });
  // A base model as `abtie train --dry-run` reads it: the tokenizer, and the shape of Gemma-2-9B.
  await cp(server.tokenizer, join(folder, "gemma-2-9b-it"), { recursive: true });
  const shape = { hidden_size: 3584, num_hidden_layers: 42, num_attention_heads: 16, num_key_value_heads: 8 };
  const sizes = { head_dim: 256, intermediate_size: 14_336, vocab_size: 256_000, model_type: "gemma2" };
  await writeFile(join(folder, "gemma-2-9b-it/config.json"), JSON.stringify(Object.assign(shape, sizes)));
  for (const name of ["rows.csv", "labelled.csv", "train.csv"]) await writeFile(join(folder, name), rows);
  const others = ROWS.map((row) => ({ ...row, id: `more-${row["id"]}`, prompt: `More: ${row["prompt"]}` }));
  await writeFile(join(folder, "more.csv"), stringify(others, { header: true }));
  const names = Object.keys(ROWS[0] ?? {});
  const columnData = names.map((name) => ({ name, data: ROWS.map((row) => row[name] ?? "") }));
  await writeFile(join(folder, "rows.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })));
  await mkdir(join(folder, "prompts"));
  const mine = readFileSync("prompts/rules.jinja");
  for (const name of ["mine.jinja", "prompts/mine.jinja"]) await writeFile(join(folder, name), mine);
  const job = {
    input: "rows.csv",
    orders: "one",
    engine: { attach: server.url, tokenizer: server.tokenizer, model: server.model },
    variants: { one: {}, two: { template: "notebook" } },
  };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(job));
  const run = async (...args: readonly string[]): Promise<void> => {
    const said = await inProcess(args, folder);
    if (said.status !== 0) throw new Error(`abtie ${args.join(" ")}: ${said.stderr}`);
  };
  for (const name of ["job", "demo", "pilot", "a", "b", "rules", "notebook"]) {
    const template = name === "notebook" || name === "b" ? "notebook" : "rules";
    await run("run", "job.yaml", "-t", template, "--run", `runs/${name}`);
  }
  await run("compare", "job.yaml", "--run", "runs/compared");
  await cp(join(folder, "runs/job/submission.csv"), join(folder, "submission.csv"));
  await run("sample", "runs/a", "-n", "20", "-o", "drawn.csv");
  const drawn = parse(readFileSync(join(folder, "drawn.csv")), { columns: true }) as Record<string, string>[];
  const labelled = drawn.map((row, index) => ({ ...row, winner: ["A", "B", "tie"][index % 3] }));
  await writeFile(join(folder, "sample.csv"), stringify(labelled, { header: true }));
  return folder;
}

/** The command lines of the examples in one help text, without the explanation that may follow after two spaces. */
function linesOf(name: string): readonly string[] {
  const text = readFileSync(join("test/cli/snapshots", name), "utf8");
  const lines = text.slice(text.indexOf("\nExample")).match(/^ {2}(?:\w+=\S+ )?abtie .*$/gm) ?? [];
  return lines.map((line) => line.trim().replace(/ {2,}.*$/, ""));
}
