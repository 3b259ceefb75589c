import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { explainFailure } from "../../src/process/explain-failure.ts";
import { runTool, type Tool, type ToolSurroundings } from "../../src/process/run-tool.ts";
import { systemClock } from "../../src/system.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { gone, TAG } from "../helpers/processes.ts";

interface Bench {
  readonly surroundings: ToolSurroundings;
  readonly shown: readonly string[];
}

async function createBench(signal = new AbortController().signal): Promise<Bench> {
  const folder = await temporaryFolder();
  const shown: string[] = [];
  const surroundings = {
    folder,
    env: { PATH: process.env["PATH"] ?? "", [TAG]: folder },
    logFile: join(folder, "logs/tools.log"),
    clock: systemClock,
    signal,
    onProgress: (text: string) => void shown.push(text),
  };
  return { surroundings, shown };
}

function shell(script: string, limitMs = 10_000): Tool {
  return { title: "train the head", command: "sh", args: ["-c", script], limitMs };
}

test("a tool that ends well gives its last lines, and its output is in the log below its command line", async () => {
  const { surroundings } = await createBench();
  const result = await runTool(shell("echo one; echo two >&2"), surroundings);
  expect(result).toMatchObject({ ok: true, status: 0, timedOut: false });
  expect(result.tail.toSorted()).toEqual(["one", "two"]);
  const log = await readFile(surroundings.logFile, "utf8");
  expect(log).toMatch(/^\n\$ sh -c echo one; echo two >&2\n/);
  expect(log).toContain("\ntwo\n");
});

test("the last line is shown as progress, with the time", async () => {
  const { surroundings, shown } = await createBench();
  const seen = join(surroundings.folder, "seen");
  const onProgress = (text: string): void => {
    surroundings.onProgress(text);
    if (text.startsWith("step 3")) writeFileSync(seen, "");
  };
  const tool = shell("echo step 3 of 9; while [ ! -e seen ]; do sleep 0.05; done", 60_000);
  expect(await runTool(tool, { ...surroundings, onProgress })).toMatchObject({ ok: true });
  expect(shown.at(-1)).toMatch(/^step 3 of 9 \(\d+ s\)$/);
});

test("a tool that takes longer than its limit is killed, with everything that it started", async () => {
  const { surroundings } = await createBench();
  const tool = shell("sleep 60 & wait", 500);
  const result = await runTool(tool, surroundings);
  expect(result).toMatchObject({ ok: false, timedOut: true });
  expect(await gone(surroundings.folder)).toEqual([]);
  const explained = explainFailure(tool, result, { causes: [], next: "Start it again.", logFile: "/x.log" });
  expect(explained.message).toMatch(
    /^cannot train the head: it was stopped at its limit of 0 min; .* Start it again\. /,
  );
});

test("an abort ends the tool with the signal's reason", async () => {
  const controller = new AbortController();
  const { surroundings } = await createBench(controller.signal);
  const running = runTool(shell("sleep 60"), surroundings);
  setTimeout(() => controller.abort(new Error("enough")), 200);
  await expect(running).rejects.toThrow("enough");
});

test.each([
  ["echo 'torch.OutOfMemoryError: CUDA out of memory'; exit 1", "there is not enough memory"],
  ["echo 'OSError: [Errno 28] No space left on device'; exit 1", "the disk is full"],
  [
    "echo 'RuntimeError: [enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534'; exit 1",
    "the disk is probably full",
  ],
  ["echo 'RuntimeError: basic_ios::clear: iostream error'; exit 1", "the disk is probably full"],
  ["echo strange; exit 9", "it ended with status 9"],
  ["kill -9 $$", "it was killed"],
  ["exec /no/such/program", "cannot be started"],
  ["echo 'gradient is NaN'; exit 1", "the learning rate is too high"],
])("the failure of `%s` is explained", async (script, expected) => {
  const { surroundings } = await createBench();
  const tool = shell(script);
  const result = await runTool(tool, surroundings);
  const causes = [{ pattern: /is NaN/, text: "the learning rate is too high" }];
  const { code, message, details } = explainFailure(tool, result, { causes, next: "", logFile: "/x.log" });
  expect(message).toContain(expected);
  expect(code).toBe("engine");
  expect(details).toEqual(result.tail);
});
