import { readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import { stringify as stringifyCsv } from "csv-stringify/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type ListeningFakeServer, startFakeServer } from "../../src/commands/fake-server.ts";
import { openConfig } from "../../src/job/open-config.ts";
import { createEffects, systemClock } from "../../src/system.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";

/** A fenced block of a page: its language and its text. */
interface Block {
  readonly language: string;
  readonly text: string;
}

const PAGES = ["README.md", ...readdirSync("docs/guide").map((name) => `docs/guide/${name}`)].map((page) => ({
  page,
  blocks: blocksOf(readFileSync(page, "utf8")),
}));
/** A block marked `sh` is run as printed; a block of another command that a reader should not run here has no language. */
const TRIED = PAGES.filter(({ blocks }) => blocks.some(({ language }) => language === "sh"));
const CONFIGS = PAGES.flatMap(({ page, blocks }) =>
  blocks
    // A workflow of GitHub is no config.
    .filter(({ language, text }) => language === "yaml" && !text.startsWith("# .github/"))
    .map(({ text }, index) => ({ name: `${page}, block ${index + 1}`, text })),
);
/** What stands for the servers and the model of a reader. */
const SERVERS = /http:\/\/(?:127\.0\.0\.1|gpu-machine|gpu-1):8000/g;
const OTHER_SERVERS = /http:\/\/(?:127\.0\.0\.1:8001|gpu-2:8000)/g;

/** A calibration needs all example rows; everything else is cheaper with fewer. */
const ALL_ROWS = 91;
const FEW_ROWS = 40;

let server: ListeningFakeServer;
let other: ListeningFakeServer;

beforeAll(async () => {
  const usual = { port: 0, rowsPerSecond: null, latencyMs: 0, seed: 0, maxModelLen: 8192, faults: [] };
  server = await startFakeServer({ ...usual, quality: 0.7 }, { clock: systemClock });
  other = await startFakeServer({ ...usual, quality: 1 }, { clock: systemClock });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

describe("the commands of the guide", () => {
  test("are tried on the pages about the daily work", () => {
    const pages = TRIED.map(({ page }) => page.replace("docs/guide/", ""));
    expect(pages).toEqual(expect.arrayContaining(["README.md", "trying.md", "calibrating.md", "comparing.md"]));
  });

  test.each(TRIED)(
    "work as printed on $page, against the fake server",
    async ({ blocks }) => {
      const folder = await readersFolder(
        blocks.some(({ text }) => text.includes("abtie calibrate")) ? ALL_ROWS : FEW_ROWS,
      );
      // Unless the page itself begins with making one.
      if (!blocks.some(({ text }) => /abtie init .*job\.yaml/.test(text)))
        await writeFile(join(folder, "job.yaml"), job());
      for (const { language, text } of blocks) {
        const [, file] = /^# (\S+\.yaml)\n/.exec(text) ?? [];
        if (language === "yaml" && file !== undefined) await writeFile(join(folder, file), asHere(text));
        if (language === "jinja") await writeFile(join(folder, "mine.jinja"), text);
        if (language !== "sh") continue;
        for (const line of commandsOf(text)) {
          const { status, stderr } = await inProcess(argumentsOf(asHere(line)), folder);
          expect({ line, status, stderr: status === 0 ? "" : stderr }).toEqual({ line, status: 0, stderr: "" });
        }
      }
    },
    600_000,
  );
});

test.each(CONFIGS)("the config of $name is accepted", async ({ text }) => {
  const folder = await readersFolder(FEW_ROWS);
  const usual = { input: "rows.csv", engine: { attach: server.url } };
  const written: unknown = parse(asHere(text));
  await writeFile(join(folder, "tried.yaml"), stringify(Object.assign(usual, written)));
  const config = await openConfig("tried.yaml", [], createEffects({ cwd: folder, env: {} }));
  expect(config.input).toContain(folder);
});

/** A folder as the pages suppose it: rows, labels, a template, and abtie installed. */
async function readersFolder(rows: number): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ["rows.csv", "labelled.csv"]) await writeFile(join(folder, name), exampleRows(rows));
  await copyFile("prompts/notebook.jinja", join(folder, "mine.jinja"));
  await mkdir(join(folder, "node_modules"));
  await symlink(resolve("."), join(folder, "node_modules/abtie"));
  return folder;
}

function exampleRows(count: number): string {
  const rows: readonly object[] = parseCsv(readFileSync("examples/rows.csv", "utf8"), { columns: true });
  return stringifyCsv(rows.slice(0, count), { header: true });
}

function job(): string {
  return stringify({ input: "rows.csv", engine: { attach: server.url, tokenizer: server.tokenizer } });
}

function asHere(text: string): string {
  return text
    .replaceAll(SERVERS, server.url)
    .replaceAll(OTHER_SERVERS, other.url)
    .replaceAll(/\/models\/(?:mine|large)/g, server.tokenizer);
}

function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", block = ""]) => ({
    language,
    text: block,
  }));
}

function commandsOf(text: string): readonly string[] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

function argumentsOf(line: string): readonly string[] {
  const [, rest] = /^(?:npx )?abtie (.*)$/.exec(line) ?? [];
  if (rest === undefined) throw new Error(`a block marked sh has abtie's commands alone, not: ${line}`);
  return rest.split(/\s+/);
}
