import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/folder.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid } from "../helpers/results.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

test("works from the packed tarball, installed elsewhere", { timeout: 300_000 }, async () => {
  const place = await temporaryFolder({ "package.json": '{"private": true}' });
  await run("npm", ["pack", "--pack-destination", place], { cwd: ROOT });
  const [tarball] = (await readdir(place)).filter((name) => name.endsWith(".tgz"));
  await run("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`], { cwd: place });
  const installed = join(place, "node_modules/abtie");
  const { version, bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));

  expect((await run("npx", ["abtie", "--version"], { cwd: place })).stdout).toBe(`${version}\n`);
  // A program, whoever unpacked it.
  expect(readFileSync(join(installed, bin.abtie), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(await readdir(installed)).toEqual(expect.arrayContaining(["dist", "docs", "launch", "prompts"]));
  const links = [...readFileSync(join(installed, "README.md"), "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g)];
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter(([, target = ""]) => !existsSync(join(installed, target)))).toEqual([]);

  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), config: { template: "rules" } });
  const { stdout } = await run("npx", ["abtie", "run", join(job.folder, "job.yaml"), "--json"], { cwd: place });
  expect(JSON.parse(stdout)).toMatchObject({ end: "done", rows: { total: job.ids.length, prior: 0 } });
  expectValid(job.submission, job.ids);

  // What the library promises to its importers is there.
  await mkdir(join(place, "user"));
  await writeFile(
    join(place, "user/main.mjs"),
    'import * as abtie from "abtie"; console.log(Object.keys(abtie).length);',
  );
  expect(Number((await run("node", ["user/main.mjs"], { cwd: place })).stdout)).toBeGreaterThan(0);
});
