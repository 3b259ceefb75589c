import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allocatorSettings } from "../../src/cli/job-memory.ts";
import { abtie } from "../helpers/abtie.ts";
import { spawning, writeJob } from "../helpers/job.ts";

/** A server that prints the settings of the allocator in its environment, and ends. */
const PRINTS =
  "console.log(JSON.stringify(Object.entries(process.env).filter(([name]) => name.startsWith('MALLOC_'))))";

test.each([
  [{}, "[]"],
  [{ MALLOC_TRIM_THRESHOLD_: "7" }, '[["MALLOC_TRIM_THRESHOLD_","7"]]'],
])("a server gets the allocator's settings of the person alone: %o", async (env, printed) => {
  const engine = spawning({}, { args: ["-e", PRINTS, "--"] });
  const job = await writeJob({ engine, rows: 3 });
  const ended = await abtie(["run", "job.yaml"], { cwd: job.folder, env });
  expect(ended.status, ended.stderr).not.toBe(0);
  expect(readFileSync(join(job.folder, "run/server.log"), "utf8").split("\n")).toContain(printed);
});

test("a chosen setting of the allocator leaves all of them to the person", () => {
  expect(Object.keys(allocatorSettings({}))).toHaveLength(2);
  expect(allocatorSettings({ MALLOC_MMAP_THRESHOLD_: "" })).toEqual({});
});
