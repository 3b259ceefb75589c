import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(".");
const SOURCES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(ROOT, "src", name), "utf8") }));
const length = (text: string): number => text.split("\n").length - 1;

describe("the size of the source files", () => {
  test("stays at 250 lines at most and 80 in the median", () => {
    const sizes = SOURCES.map(({ text }) => length(text)).sort((one, other) => one - other);
    expect(SOURCES.filter(({ text }) => length(text) > 250).map(({ name }) => name)).toEqual([]);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(80);
  });
});

describe("time, randomness, environment and output", () => {
  // process/supervisor.ts is a program of its own that outlives the command line: it has its own timers and exit.
  const below = SOURCES.filter(({ name }) => !name.startsWith("cli/") && name !== "process/supervisor.ts");
  test.each([
    "Date.now(",
    "new Date()",
    "performance.now(",
    "Math.random",
    "process.env",
    "process.exit",
    "process.std",
    "console.",
  ])("%s is used by the command line alone", (forbidden) => {
    expect(below.filter(({ text }) => text.includes(forbidden)).map(({ name }) => name)).toEqual([]);
  });
});

describe("the import direction", () => {
  const folder = join(ROOT, "src/clock/planted");
  const plant = (line: string): string => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "planted.ts"), `${line}\n`);
    try {
      execFileSync("npx", ["biome", "lint", "src/clock/planted"], { cwd: ROOT, encoding: "utf8", stdio: "pipe" });
      return "";
    } catch (error) {
      return String((error as { stdout: string }).stdout) + String((error as { stderr: string }).stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test("lint fails on a sibling that a planted file imports", () => {
    expect(plant('export { AbtieEngine } from "../../engine/types.ts";')).toContain("noRestrictedImports");
  });

  test("lint fails on the command line imported from below", () => {
    expect(plant('export { createProgram } from "../../cli/program.ts";')).toContain("noRestrictedImports");
  });

  test("lint passes when the planted file imports the foundation", () => {
    expect(plant('export { AbtieError } from "../../errors.ts";')).toBe("");
  });
});
