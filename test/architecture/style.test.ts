import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSources } from "./imports.ts";

const SOURCES = readSources("src");
const TESTS = readSources("test");

const EXPORT = /^export (?:async )?(?:function\*?|const|let|class|interface|type) (\w+)/gm;
const SPREAD_LITERAL = /\.\.\.\{\s/;
const IT = /^\s*it\b[.(]/m;

describe("the sources", () => {
  test("and the tests spread no object literal, which would only keep the formatter from breaking lines", () => {
    const files = [...SOURCES, ...TESTS.filter(({ name }) => name !== "architecture/style.test.ts")];
    expect(files.filter(({ text }) => SPREAD_LITERAL.test(text)).map(({ name }) => name)).toEqual([]);
    expect("return { ...{ a, b }, c };").toMatch(SPREAD_LITERAL);
    expect("return {\n  ...{\n    a,\n  },\n};").toMatch(SPREAD_LITERAL);
  });

  test("export a name from one file alone", () => {
    const files = new Map<string, number>();
    for (const { text } of SOURCES) {
      for (const name of exportsOf(text)) files.set(name, (files.get(name) ?? 0) + 1);
    }
    const twice = [...files].filter(([, count]) => count > 1).map(([name]) => name);
    expect(twice).toEqual([]);
  });
});

test("what looks at files waits for all of its looks, also when one fails", () => {
  const folders = ["files/", "runfolder/", "job/", "pool/", "dataset/", "shard/", "judge/token-cache"];
  const found = SOURCES.filter(({ text }) => text.includes("Promise.all("));
  expect(found.map(({ name }) => name).filter((name) => folders.some((folder) => name.startsWith(folder)))).toEqual([]);
});

test("which error means that a file is missing is decided in one place", () => {
  const own = [
    "files/exists.ts",
    "files/explain.ts",
    // In these, a path through a file is an error that the write explains.
    "files/atomic.ts",
    "files/folder.ts",
    "setup/whole-folder.ts",
  ];
  const found = SOURCES.filter(({ text }) =>
    /["']?ENOENT["']?[\])\s:,]/.test(text.replace(/^\s*(?:\/\/|\*).*$/gm, "")),
  );
  expect(found.map(({ name }) => name).filter((name) => !own.includes(name))).toEqual([]);
});

describe("the tests", () => {
  test("that run at the same time leave to atEnd what onTestFinished would do at the end of another test", () => {
    const both = TESTS.filter(({ text }) => text.includes("test.concurrent") && text.includes("onTestFinished("));
    expect(both.map(({ name }) => name)).toEqual(["architecture/style.test.ts"]);
  });

  test("use `test` and not `it`", () => {
    expect(TESTS.filter(({ text }) => IT.test(text)).map(({ name }) => name)).toEqual([]);
    expect('\n  it("works", () => {});').toMatch(IT);
  });
});

test("the scripts of bench import names that the sources export", () => {
  const exported = new Map(SOURCES.map(({ name, text }) => [name.replace(/\.ts$/, ".js"), exportsOf(text)]));
  const scripts = readdirSync("bench", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".mjs"));
  const missing = scripts.flatMap((script) =>
    [
      ...readFileSync(join("bench", script), "utf8").matchAll(/import \{([^}]*)\} from "[./]*\/dist\/([^"]+)"/g),
    ].flatMap(([, names = "", file = ""]) =>
      names
        .split(",")
        .map((name) => name.trim().split(" as ")[0] ?? "")
        .filter((name) => name !== "" && exported.get(file)?.has(name) !== true)
        .map((name) => `${script}: ${name} of ${file}`),
    ),
  );
  expect(missing).toEqual([]);
});

function exportsOf(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(EXPORT)].map(([, name = ""]) => name));
}
