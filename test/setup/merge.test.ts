import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";

/** A folder with a program in the place of Python, which prints and ends as its script says. */
async function withPython(script: string): Promise<string> {
  const folder = await temporaryFolder({ python: `#!/bin/sh\n${script}\n` });
  await chmod(join(folder, "python"), 0o755);
  return folder;
}

const merge = (folder: string, ...more: readonly string[]) => {
  const folders = ["--base", "base", "--adapter", "adapter", "-o", "out"];
  const env = { ABTIE_HOME: join(folder, "home"), PATH: "/usr/bin:/bin" };
  return inProcess(["merge", ...folders, ...more], folder, env);
};

const DONE = `{"out": "OUT", "classes": ["A", "B", "tie"], "pad_token": 2, "parameters": 1000, "largest_difference": 1e-7}`;

test("gives the program the folders and settings, and prints what it wrote", async () => {
  const folder = await withPython(`echo "$@" > arguments; echo '{"step": "merging"}'; echo '${DONE}'`);
  const said = await merge(folder, "--python", join(folder, "python"), "--classes", "A, B, tie", "--dtype", "float32");
  expect(said.status, said.stderr).toBe(0);
  expect(said.stdout).toContain("classes    0: A, 1: B, 2: tie");
  const given = await readFile(join(folder, "arguments"), "utf8");
  expect(given).toContain(
    `merge_adapter.py ${folder}/base ${folder}/adapter ${folder}/out --dtype float32 --classes A,B,tie`,
  );
});

test("ends with the program's sentence and status 2 when the folders are wrong", async () => {
  const folder = await withPython(`echo "adapter holds no trained head" >&2; exit 1`);
  const said = await merge(folder, "--python", join(folder, "python"));
  expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("adapter holds no trained head") });
});

test("says what a Python lacks, with status 4", async () => {
  const folder = await withPython(
    `printf 'Traceback (most recent call last):\\nModuleNotFoundError: No module named %speft%s\\n' "'" "'"; exit 1`,
  );
  const said = await merge(folder, "--python", join(folder, "python"));
  expect(said.status).toBe(4);
  expect(said.stderr).toContain("this Python lacks a package that it needs");
});

test("finds a Python by a path from the working directory, wherever the model goes", async () => {
  const folder = await withPython(`echo '${DONE}'`);
  await mkdir(join(folder, "models"));
  const said = await merge(folder, "--python", "./python", "-o", "models/out");
  expect(said.status, said.stderr).toBe(0);
});

test("refuses a folder in one that does not exist, before any work", async () => {
  const folder = await withPython(`echo '${DONE}'`);
  const said = await merge(folder, "--python", "./python", "-o", "models/out");
  expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining(`${folder}/models does not exist`) });
});

test("refuses a folder that exists, and a machine without an engine, before any work", async () => {
  const folder = await temporaryFolder({});
  const nothing = await merge(folder);
  expect(nothing).toMatchObject({
    status: 4,
    stderr: expect.stringContaining("run `abtie setup`, or name one with --python"),
  });
  await mkdir(join(folder, "out"));
  await writeFile(join(folder, "out/mine"), "");
  expect(await merge(folder)).toMatchObject({ status: 2, stderr: expect.stringContaining("exists already") });
});

test("takes base, adapter, classes and padding token from the folder of a training", async () => {
  const folder = await withPython(`echo "$@" > arguments; echo '${DONE}'`);
  await mkdir(join(folder, "run/data"), { recursive: true });
  await writeFile(join(folder, "run/train.json"), JSON.stringify({ base: "/models/base", head: "classifier" }));
  const numbers = {
    format: 1,
    dropTail: 0,
    eos: 2,
    pad: 7,
    budget: 9,
    splitPrompts: 0,
    rows: 1,
    foldRows: [1],
    examples: 1,
    cut: 0,
  };
  const names = {
    head: "classifier",
    classes: ["a", "b", "tie"],
    labels: null,
    tokenizer: "",
    template: "",
    model: "",
  };
  const rest = {
    folds: { by: "none", count: 1, heldOut: null },
    tokens: { total: 1, longest: 1 },
    dropped: {},
    prior: [1, 0, 0],
    priorLogLoss: 0,
    examplesSha256: "",
  };
  await writeFile(join(folder, "run/data/data.json"), JSON.stringify(Object.assign(numbers, names, rest)));
  const env = { ABTIE_HOME: join(folder, "home"), PATH: "/usr/bin:/bin" };
  const said = await inProcess(["merge", "run", "-o", "out", "--python", "./python"], folder, env);
  expect(said.status, said.stderr).toBe(0);
  const given = await readFile(join(folder, "arguments"), "utf8");
  expect(given).toContain(
    `merge_adapter.py /models/base ${folder}/run/train/final ${folder}/out --dtype auto --classes A,B,tie --pad-token 7`,
  );
  const nothing = await inProcess(["merge", "-o", "out2"], folder, env);
  expect(nothing).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("name the folder of a training (abtie merge RUN)"),
  });
});
