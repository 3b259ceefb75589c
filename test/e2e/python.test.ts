import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enginePython, layerFolder, locateHome, pythonOf, quantizerPython, uvFolder } from "../../src/setup/home.ts";
import { abtie } from "./engine.ts";

const TOOLS = ["pytest==9.2.0", "ruff==0.17.6", "mypy==2.4.1"];
const home = locateHome(process.env);

const layers = [layerFolder(home, "peft"), layerFolder(home, "training")];

let packages: string;

beforeAll(async () => {
  packages = await mkdtemp(join(tmpdir(), "abtie-pytest-"));
  const setup = await abtie(["setup", "--train"]);
  expect(setup.stderr, setup.stderr).toContain("ready");
  await execa(pythonOf(uvFolder(home)), ["-m", "pip", "install", "-q", "--target", packages, ...TOOLS]);
});
afterAll(() => rm(packages, { recursive: true, force: true }));

/** Runs a tool with an interpreter that setup has installed; `layers` are folders with packages besides its own. */
function run(python: string, layers: readonly string[], words: readonly string[]) {
  return execa(python, ["-m", ...words], {
    cwd: "launch/python",
    reject: false,
    all: true,
    env: { PYTHONPATH: [...layers, packages].join(delimiter), OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" },
  });
}

test("the tests of the Python programs pass with what setup installs", async () => {
  const { exitCode, all } = await run(enginePython(home), layers, ["pytest", "-q", "tests"]);
  expect(exitCode, all.slice(-4000)).toBe(0);
});

test("those of quantising pass in its own environment", async () => {
  const { exitCode, all } = await run(quantizerPython(home), [], ["pytest", "-q", "tests/test_quantize_model.py"]);
  expect(exitCode, all.slice(-4000)).toBe(0);
  expect(all).toMatch(/^4 passed/m);
});

test.each([
  ["ruff", "check", "--no-cache", "."],
  ["ruff", "format", "--check", "--no-cache", "."],
  ["mypy", "--cache-dir", "/dev/null", "."],
])("the Python programs pass %s %s", async (...words) => {
  const { exitCode, all } = await run(enginePython(home), layers, words);
  expect(exitCode, all.slice(-4000)).toBe(0);
});
