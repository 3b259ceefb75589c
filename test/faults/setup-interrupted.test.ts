import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startAbtie } from "../helpers/abtie.ts";
import { gone, until } from "../helpers/processes.ts";
import { ALL_CALLS, type Bench, createBench } from "../setup/bench.ts";

const DRIVER = fileURLToPath(new URL("../fixtures/setup/run-setup.mjs", import.meta.url));
const HANGING = [
  "python venv",
  "pip install uv",
  "uv venv",
  "uv install vllm",
  "name_vllm.py",
  "check_engine.py",
  "uv install model",
  "convert_gguf.py",
];

test.each(HANGING)("killed during `%s`, it leaves no process, and the next call continues", async (call) => {
  const bench = await createBench();
  const first = start(bench, { FAKE_HANG: call });
  await until("the tool hangs", async () => (await bench.calls()).includes("half"));
  const done = (await bench.calls()).slice(0, -2);
  first.child.kill("SIGKILL");
  await first.ended;
  expect(await gone(bench.folder)).toEqual([]);

  const second = await start(bench, {}).ended;
  expect(second.status).toBe(0);
  const result = JSON.parse(second.stdout) as { readonly model: string; readonly installed: readonly string[] };
  expect(await readdir(result.model)).toEqual(["complete.json", "config.json", "tokenizer.json"]);
  expect(await readdir(join(bench.home, "tmp"))).toEqual([]);
  // What was whole before the kill is not made again.
  const again = (await bench.calls()).slice(done.length + 2);
  expect(again.includes("pip install uv")).toBe(!done.includes("pip config"));
  expect(again.includes("uv install vllm")).toBe(!done.includes("check_engine.py"));
});

test("two processes at once install each thing once", async () => {
  const bench = await createBench();
  const both = await Promise.all([start(bench, {}).ended, start(bench, {}).ended]);
  expect(both.map(({ status }) => status)).toEqual([0, 0]);
  expect((await bench.calls()).toSorted()).toEqual(ALL_CALLS.toSorted());
});

function start(bench: Bench, env: Readonly<Record<string, string>>): ReturnType<typeof startAbtie> {
  return startAbtie([bench.home], { cwd: bench.folder, file: DRIVER, env: { ...bench.env, ...env } });
}
