import { describe, expect, test } from "vitest";
import { findCircle, folderImports, type Import, importsOf, readSources } from "./imports.ts";

const SOURCES = readSources("src");
const IMPORTS = importsOf(SOURCES);
const linesOf = (text: string): number => text.split("\n").length - 1;
const topOf = (name: string): string => name.split("/")[0] ?? name;

/** The folders of src from the foundations up. A folder imports from the rows above its own, and from itself. */
const LAYERS: readonly (readonly string[])[] = [
  ["types.ts", "errors.ts", "all-ended.ts", "numbers", "secrets"],
  ["classes.ts", "class-matrix.ts", "format.ts", "files"],
  ["effects.ts", "stats", "schedule", "concurrency", "forecast"],
  ["process", "config", "dataset", "prompt", "deadline", "metrics", "fake-server", "chain"],
  ["engine", "setup", "calibrate"],
  ["escalate"],
  ["runfolder"],
  ["judge"],
  ["pool"],
  ["job"],
  ["evaluate", "generate", "shard", "training"],
  ["report"],
  ["compare", "bench", "doctor"],
  ["commands", "system.ts"],
  // Below cli: the library stands on the commands, not on the command line.
  ["index.ts"],
  ["cli"],
];

function runsBack({ from, to }: Import): boolean {
  const layer = (name: string): number => LAYERS.findIndex((row) => row.includes(topOf(name)));
  return topOf(from) !== topOf(to) && !(layer(to) < layer(from) && layer(to) >= 0);
}

const arrow = ({ from, to }: Import): string => `${topOf(from)} -> ${topOf(to)}`;
const back = (imports: readonly Import[]): readonly string[] => [...new Set(imports.filter(runsBack).map(arrow))];

describe("the imports of src", () => {
  test("run from the upper layers to the lower ones", () => {
    const arrows = back(IMPORTS);
    const total = SOURCES.reduce((sum, { text }) => sum + linesOf(text), 0);
    const shares = [...new Set(SOURCES.map(({ name }) => topOf(name)))].map((name) => ({
      name,
      share: SOURCES.reduce((sum, source) => sum + (topOf(source.name) === name ? linesOf(source.text) : 0), 0) / total,
    }));
    const largest = shares.reduce((one, other) => (other.share > one.share ? other : one));
    console.log(
      `${SOURCES.length} files, ${total} lines; largest folder ${largest.name}: ${(100 * largest.share).toFixed(1)} %; ` +
        `circles: ${findCircle(IMPORTS).length}; arrows that run back: ${arrows.length}`,
    );
    expect(arrows).toEqual([]);
    expect(largest.share).toBeLessThanOrEqual(0.13);
  });

  test("start a schedule in one place alone, so that run, compare and bench score alike", () => {
    const importers = IMPORTS.filter(({ to }) => to === "schedule/schedule.ts").map(({ from }) => from);
    expect(importers).toEqual(["pool/score-on-pool.ts"]);
  });

  test("form no circle of files, type imports included", () => {
    expect(findCircle(IMPORTS)).toEqual([]);
  });

  test("form no circle of folders, inner folders included", () => {
    expect(findCircle(folderImports(IMPORTS))).toEqual([]);
  });

  test("a planted arrow that runs back is found", () => {
    expect(back([{ from: "forecast/planted.ts", to: "cli/program.ts" }])).toEqual(["forecast -> cli"]);
    expect(back([{ from: "stats/planted.ts", to: "schedule/types.ts" }])).toEqual(["stats -> schedule"]);
    expect(back([{ from: "stats/planted.ts", to: "unknown/file.ts" }])).toEqual(["stats -> unknown"]);
  });

  test("a planted circle is found, also one of types and one of inner folders", () => {
    const planted = [
      { name: "a/inner/one.ts", text: 'import type { Two } from "../two.ts";\nexport type One = Two;' },
      { name: "a/two.ts", text: 'export { type One } from "./inner/one.ts";' },
    ];
    expect(findCircle(importsOf(planted))).toEqual(["a/inner/one.ts", "a/two.ts", "a/inner/one.ts"]);
    expect(findCircle(folderImports(importsOf(planted)))).toEqual(["a/inner", "a", "a/inner"]);
  });
});

describe("the source files", () => {
  test("have at most 300 lines", () => {
    expect(SOURCES.filter(({ text }) => linesOf(text) > 300).map(({ name }) => name)).toEqual([]);
  });
});

describe("time, randomness, environment and output", () => {
  // process/supervisor.ts is a program of its own that outlives the command line: it has its own timers and exit. system.ts is where
  // programs that use the library get the real clock and environment from.
  const own: ReadonlySet<string> = new Set(["process/supervisor.ts", "system.ts"]);
  const below = SOURCES.filter(({ name }) => !name.startsWith("cli/") && !own.has(name));
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
