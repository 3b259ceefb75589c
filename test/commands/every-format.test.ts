import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { stringify } from "csv-stringify/sync";
import { parquetWriteBuffer } from "hyparquet-writer";
import { beforeAll, expect, test } from "vitest";
import { MAIN } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { startJudge, TEMPLATE, TOKENIZER } from "../helpers/job.ts";

const ROWS = Array.from({ length: 24 }, (_, row) => ({
  id: `r${row}`,
  prompt: `question ${row >> 1}`,
  response_a: "yes, it is",
  response_b: row % 3 === 0 ? "no" : 'no, "never",\nsaid one',
  winner: ["model_a", "model_b", "tie"][row % 3] ?? "",
}));
const NAMES = Object.keys(ROWS[0] ?? {}) as (keyof (typeof ROWS)[number])[];

const FORMATS: Readonly<Record<string, string | Uint8Array>> = {
  "rows.csv": stringify(ROWS, { header: true }),
  "rows.tsv": stringify(ROWS, { header: true, delimiter: "\t" }),
  "semicolons.csv": stringify(ROWS, { header: true, delimiter: ";" }),
  "rows.jsonl": ROWS.map((row) => JSON.stringify(row)).join("\n"),
  "rows.json": JSON.stringify(ROWS, null, 2),
  "rows.parquet": new Uint8Array(
    parquetWriteBuffer({ columnData: NAMES.map((name) => ({ name, data: ROWS.map((row) => row[name]) })) }),
  ),
  "rows.csv.gz": gzipSync(stringify(ROWS, { header: true })),
  "rows.jsonl.gz": gzipSync(ROWS.map((row) => JSON.stringify(row)).join("\n")),
};

/** Every command that reads rows, with the file as the word ROWS. */
const COMMANDS: readonly (readonly string[])[] = [
  ["plan", "job.yaml", "-i", "ROWS", "--json"],
  ["show", "job.yaml", "-i", "ROWS", "--row", "4", "--json"],
  ["doctor", "job.yaml", "-i", "ROWS", "--run", "other", "--no-server", "--json"],
  ["init", "ROWS", "-o", "made.yaml", "--force", "--json"],
  ["validate", "run/submission.csv", "-i", "ROWS", "--json"],
  ["evaluate", "run", "--labels", "ROWS", "--json"],
  ["calibrate", "run", "--labels", "ROWS", "-o", "calibration.json", "--json"],
];
/** Those that score rows, which takes longer: by one kind of file that is read in place, and one that is converted. */
const SCORING: readonly (readonly string[])[] = [
  ["run", "job.yaml", "-i", "ROWS", "--run", "r", "--fresh", "--json"],
  ["bench", "job.yaml", "-i", "ROWS", "--rows", "100", "--sample", "24", "--json"],
  [
    "compare",
    "job.yaml",
    "-i",
    "ROWS",
    "-t",
    "./template.jinja",
    "-t",
    "./other.jinja",
    "--run",
    "c",
    "--fresh",
    "--json",
  ],
];

let folder = "";
beforeAll(async () => {
  folder = await temporaryFolder({ "template.jinja": TEMPLATE, "other.jinja": TEMPLATE.replace("A:", "One:") });
  for (const [name, content] of Object.entries(FORMATS)) await writeFile(join(folder, name), content);
  await withJudge(async () => {
    expect((await inProcess(["run", "job.yaml"], folder)).status).toBe(0);
  });
});

async function withJudge<T>(work: () => Promise<T>): Promise<T> {
  await using judge = await startJudge();
  const engine = { attach: judge.url, tokenizer: TOKENIZER };
  const job = { input: "rows.csv", template: "./template.jinja", run: "run", orders: "one", engine };
  await writeFile(join(folder, "job.yaml"), JSON.stringify(job));
  return await work();
}

/** What a command says about a file, without the name of the file and what depends on time. */
async function sayOf(command: readonly string[], file: string): Promise<unknown> {
  const said = await inProcess(
    command.map((word) => (word === "ROWS" ? file : word)),
    folder,
  );
  expect({ command, file, ...said }).toMatchObject({ stdout: expect.stringMatching(/^[[{]/) });
  const text = said.stdout.replaceAll(join(folder, file), "FILE").replaceAll(file, "FILE");
  // Sizes and places are those of the file.
  const result = text.replaceAll(/24 rows, (?:[^"\\]|\\.)*|(?:line|row) \d[^(]*(?=\(id )|\((?:line|row) [^)]*\)/g, "");
  const differs = /^(startedAt|seed|sha256)$/;
  return { status: said.status, result: JSON.parse(result, (key, value) => (differs.test(key) ? null : value)) };
}

test.each(COMMANDS)("%s %s reads every kind of file alike", async (...command) => {
  const expected = await sayOf(command, "rows.csv");
  for (const name of Object.keys(FORMATS))
    expect({ name, said: await sayOf(command, name) }).toEqual({ name, said: expected });
});

test.each(SCORING)("%s %s reads files in place and converted ones", async (...command) => {
  await withJudge(async () => {
    for (const name of ["rows.jsonl", "rows.parquet"]) {
      expect(await sayOf(command, name)).toMatchObject({ status: 0 });
    }
  });
});

test.each([...COMMANDS, ...SCORING])("%s %s reads a pipe", async (...command) => {
  await withJudge(async () => {
    const pipe = join(await temporaryFolder(), "pipe");
    spawnSync("mkfifo", [pipe]);
    // Open for reading and writing, because opening one end alone waits for the other; 24 rows fit into the pipe.
    const both = openSync(pipe, constants.O_RDWR);
    const reading = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    writeSync(both, FORMATS["rows.jsonl.gz"] as Uint8Array);
    closeSync(both);
    const said = await inProcess(
      command.map((word) => (word === "ROWS" ? `/dev/fd/${reading}` : word)),
      folder,
    );
    expect({ command, ...said }).toMatchObject({ stdout: expect.stringMatching(/^[[{]/) });
  });
});

test("- is standard input, also for commands without a config", async () => {
  const input = FORMATS["rows.parquet"];
  if (input === undefined) throw new Error("the table has Parquet");
  await mkdir(join(folder, "stdin"), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "init", "-", "-o", "stdin/made.yaml"], {
    cwd: folder,
    input,
    encoding: "utf8",
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(await readFile(join(folder, "stdin/made.yaml"), "utf8")).toMatch(/^input: "-"$/m);
});

test("a slip of the whole file is a warning, and labels that are not used are said once, in plan, run and doctor", async () => {
  const rows = ROWS.map(({ id }, row) => ({
    id,
    prompt: "['one', 'two']",
    response_a: "a",
    response_b: "b",
    rating: row,
  }));
  await writeFile(join(folder, "slip.csv"), stringify(rows, { header: true }));
  await withJudge(async () => {
    for (const command of ["plan", "run"]) {
      const { stderr } = await inProcess([command, "job.yaml", "-i", "slip.csv", "--run", "slip"], folder);
      expect(stderr.match(/in 100 % of the rows a cell is a list as Python.*json\.dumps/g)).toHaveLength(1);
      expect(stderr.match(/column "rating" looks like labels .* and is not used/g)).toHaveLength(1);
    }
    const { stdout } = await inProcess(["doctor", "job.yaml", "-i", "slip.csv", "--run", "d", "--json"], folder);
    expect(stdout.match(/column ..rating.. looks like labels .* and is not used/g)).toHaveLength(1);
    expect(JSON.parse(stdout)).toContainEqual({
      check: "columns",
      level: "warning",
      text: expect.stringMatching(/^in 100 % of the rows a cell is a list as Python/),
      remedy: "write lists with json.dumps(turns)",
    });
  });
});
