import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { stat, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openJournalFile } from "../../src/runfolder/journal/open-file.ts";
import { eventsOf, rowsOf, temporaryFolder, upTo } from "../runfolder/samples.ts";
import { randomFrom } from "../schedule/harness.ts";

// One journal, killed again and again: each session begins where the last one was cut.
const SEED = 20;
const KILLS = 20;

test(`loses no flushed line and stays readable when its process is killed at ${KILLS} random moments (seed ${SEED})`, async () => {
  const folder = await temporaryFolder();
  const compiled = await compileAppend(folder);
  const path = join(folder, "journal.jsonl");
  const random = randomFrom(SEED);
  let rows = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const atOnce = [1, 40, 1_000][kill % 3] ?? 1;
    const fsync = ["batch", "always"][kill % 2] ?? "batch";
    const flushed = await runAndKill([compiled, path, String(rows), String(atOnce), fsync], random() * 120);
    const found = rowsOf(await eventsOf(path));
    expect(found).toEqual(upTo(found.length));
    expect(found.length).toBeGreaterThanOrEqual(flushed);
    expect(found.length).toBeGreaterThanOrEqual(rows);
    const opened = await openJournalFile(path);
    await opened.file.close();
    expect((await stat(path)).size).toBe(opened.size);
    rows = found.length;
  }
  expect(rows).toBeGreaterThan(KILLS);
});

/** Runs the fixture, kills it some ms after it is ready, and gives the number of rows it had last called flushed. */
async function runAndKill(args: readonly string[], afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [resolve("test/fixtures/runfolder/append-until-killed.mjs"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child.stdout, "data");
  await sleep(afterMs);
  child.kill("SIGKILL");
  const [code, signal] = await once(child, "close");
  expect([code, signal]).toEqual([null, "SIGKILL"]);
  return Number(/(\d+)\n[^\n]*$/.exec(output)?.[1] ?? 0);
}

// Node 20 does not run TypeScript by itself, and a build may be missing or old.
async function compileAppend(folder: string): Promise<string> {
  const config = {
    extends: resolve("tsconfig.json"),
    compilerOptions: { noEmit: false, declaration: false, outDir: folder, rootDir: resolve("src"), types: ["node"] },
    files: [resolve("src/runfolder/journal/append.ts")],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ ...config, include: [] }));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  await promisify(execFile)(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", folder]);
  return join(folder, "runfolder/journal/append.js");
}
