import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { createEffects } from "../../src/system.ts";
import { abtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";

const COMMANDS: readonly string[] = commandsIn(await help());

test("lists its commands", () => {
  expect(COMMANDS).toEqual(expect.arrayContaining(["run", "doctor", "validate"]));
});

test.each(["", ...COMMANDS])("explains itself with --help: abtie %s", async (command) => {
  await expect(await help(command)).toMatchFileSnapshot(`snapshots/abtie ${command} --help.txt`.replace("  ", " "));
});

test.each(COMMANDS)("gives an example of each command, and a description: abtie %s", async (command) => {
  const text = await help(command);
  expect(text).toMatch(/\nExamples?:\n {2}abtie /);
  expect(text.split("\n\n")[1]?.length).toBeGreaterThan(20);
});

test("offers -o only to the commands that write a file under this name", async () => {
  const texts = await Promise.all(COMMANDS.map(async (command) => [command, await help(command)] as const));
  const offering = texts.filter(([, text]) => text.includes("--output")).map(([command]) => command);
  expect(offering.toSorted()).toEqual([
    "calibrate",
    "generate",
    "init",
    "join",
    "make",
    "merge",
    "prepare",
    "quantize",
    "report",
    "run",
    "sample",
  ]);
});

test.each(await examples())("has examples whose flags and arguments exist: %s", async (line) => {
  const args = line.replace(/^(?:\w+=\S+ )?abtie /, "").split(/\s+/);
  const printed: string[] = [];
  const say = (text: string): void => void printed.push(text);
  const context = { ...createEffects(), print: () => {}, printToStderr: say, note: say, columns: null };
  const status = await createProgram(context, { callCommands: false }).run(args);
  expect({ status, printed }).toEqual({ status: 0, printed: [] });
});

test.each([40, 60, 80])("keeps to the width of a terminal of %i columns, but for command lines", async (columns) => {
  const tooLong: string[] = [];
  for (const command of COMMANDS) {
    const print = (text: string): void => {
      const own = text.split("\n").filter((line) => !/^(?:Usage: | {2}(?:\w+=\S+ )?abtie )/.test(line));
      // Nor is a line of a config broken.
      tooLong.push(...own.filter((line) => line.length > columns && !/^ {2,}\w+: /.test(line)));
    };
    const context = { ...createEffects(), print, printToStderr: () => {}, note: () => {}, columns };
    await createProgram(context, { callCommands: false }).run([command, "--help"]);
  }
  expect(tooLong).toEqual([]);
});

test.each([
  [["help", "rnu"], 2, "unknown command 'rnu'\n(Did you mean run?)"],
  [["rnu"], 2, "(Did you mean run?)"],
  [["status"], 2, "missing required argument 'run'"],
  [["run", "--basurl", "x"], 2, "(Did you mean --base-url?)"],
  [[], 2, "Usage: abtie [options] <command>"],
])("says what is meant or missing: abtie %j", async (args, status, text) => {
  const said = await inProcess(args, "/");
  expect(said).toMatchObject({ status, stdout: "" });
  expect(said.stderr).toContain(text);
});

test("prints the same help for a command behind `help`", async () => {
  expect(await inProcess(["help", "run"], "/")).toEqual({ status: 0, stdout: await help("run"), stderr: "" });
  expect(await inProcess(["help"], "/")).toEqual({ status: 0, stdout: await help(), stderr: "" });
});

test("prints help and version on stdout, and nothing on stderr", async () => {
  const cwd = await temporaryFolder();
  const [shown, version] = await Promise.all([abtie(["--help"], { cwd }), abtie(["--version"], { cwd })]);
  expect(shown).toMatchObject({ status: 0, stdout: await help(), stderr: "" });
  const { version: expected } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(version).toMatchObject({ status: 0, stdout: `${expected}\n`, stderr: "" });
});

test("loads no package but commander, so that help costs little more than starting Node", () => {
  const files = new Set<string>();
  const packages = new Set<string>();
  const load = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(join("src", file), "utf8");
    for (const [, name = ""] of text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)"/gms)) {
      if (name.startsWith(".")) load(join(dirname(file), name));
      else if (!name.startsWith("node:")) packages.add(name);
    }
  };
  for (const file of ["cli/main.ts", "cli/help.ts"]) load(file);
  expect(files).toContain("cli/commands/run.ts");
  expect([...packages]).toEqual(["commander"]);
});

async function help(command = ""): Promise<string> {
  return (await inProcess(command === "" ? ["--help"] : [command, "--help"], "/")).stdout;
}

function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/^ {2}([a-z-]+) \[options\]/gm)].map(([, name = ""]) => name);
}

/** The command lines of all examples, without the explanation that may follow after two spaces. */
async function examples(): Promise<readonly string[]> {
  const texts = await Promise.all(["", ...COMMANDS].map(help));
  const lines = texts.flatMap(
    (text) => text.slice(text.indexOf("\nExample")).match(/^ {2}(?:\w+=\S+ )?abtie .*$/gm) ?? [],
  );
  return lines.map((line) => line.trim().replace(/ {2,}.*$/, ""));
}
