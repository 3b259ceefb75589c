import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { exists } from "../../../src/files/exists.ts";
import { createFolder } from "../../../src/files/folder.ts";
import { createEffects, systemClock } from "../../../src/system.ts";
import { watchRealWorld } from "./real-world.ts";

async function asked(work: () => unknown): Promise<readonly string[]> {
  const reports: string[] = [];
  await watchRealWorld(
    (what) => reports.push(what.replace(/^a simulated job asks the real machine: (\S+) .*/s, "$1")),
    async () => work(),
  );
  return [...new Set(reports)];
}

test.each<readonly [string, () => unknown, readonly string[]]>([
  ["the wall clock", () => systemClock.now(), ["Date.now"]],
  ["the monotonic clock", () => systemClock.monotonic(), ["performance.now"]],
  ["a timer", () => systemClock.sleep(1), ["Timeout"]],
  ["the disk", () => exists(tmpdir()), ["FSREQPROMISE"]],
  ["the working folder, by a relative path", () => createFolder("src"), ["process.cwd", "FSREQPROMISE"]],
  ["nothing", () => createEffects({ cwd: "/", startedAt: 0 }), []],
])("a simulated job that asks for %s is reported", async (_, work, expected) => {
  expect(await asked(work)).toEqual(expect.arrayContaining([...expected]));
  if (expected.length === 0) expect(await asked(work)).toEqual([]);
});

test("the real machine is as before when the simulation is over", async () => {
  const before = [Date.now, process.cwd, globalThis.setTimeout];
  await asked(() => {});
  expect([Date.now, process.cwd, globalThis.setTimeout]).toEqual(before);
});
