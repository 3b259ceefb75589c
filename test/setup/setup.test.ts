import { readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { enginePython, quantizerPython } from "../../src/setup/home.ts";
import { gone, TAG, until } from "../helpers/processes.ts";
import { ALL_CALLS, type Bench, createBench } from "./bench.ts";

test("installs the installer, the engine and the model in this order, and names what it did", async () => {
  const bench = await createBench();
  const result = await bench.run();
  expect(await bench.calls()).toEqual(ALL_CALLS);
  expect(result.installed).toEqual(["uv 0.13.9", "vLLM 0.32.0 (cpu)", "SmolLM2-135M-Instruct"]);
  expect(result.vllm).toEqual({ version: "0.32.0", flavour: "cpu" });
  expect(result.python).toBe(enginePython(bench.home));
  expect(await readdir(join(bench.home, "tmp"))).toEqual([]);
  expect(await readdir(result.model)).toEqual(["complete.json", "config.json", "tokenizer.json"]);
});

test("adds what trains and quantises judges when it is asked for, and continues where it was stopped", async () => {
  const bench = await createBench();
  await bench.run();
  const before = (await bench.calls()).length;
  const added = await bench.run({ train: true });
  expect(added.installed).toEqual(["peft 0.21.2", "bitsandbytes 0.50.2", "llmcompressor 0.14.0.1"]);
  const calls = ["pip config", "uv install peft", "uv install bitsandbytes", "uv venv"];
  expect((await bench.calls()).slice(before)).toEqual([
    ...calls,
    "find packages",
    "find packages",
    "uv install llmcompressor",
  ]);
  expect((await bench.run({ train: true })).installed).toEqual([]);
  const quantizer = dirname(dirname(quantizerPython(bench.home)));
  await rm(join(quantizer, "complete.json"));
  expect((await bench.run({ train: true })).installed).toEqual(["llmcompressor 0.14.0.1"]);
  const engine = dirname(dirname(enginePython(bench.home)));
  expect(await readFile(join(quantizer, "lib", "packages", "vllm.pth"), "utf8")).toBe(`${engine}/lib/packages\n`);
});

test("shows the activity of each step, and its duration at the end", async () => {
  const bench = await createBench();
  await bench.run();
  const names = bench.steps.map(({ name }) => name).filter((name, i, all) => name !== all[i - 1]);
  expect(names).toEqual(["python", "uv", "vllm", "check", "vllm", "model"]);
  expect(bench.steps.filter(({ text }) => / installed in \d+ s$/.test(text))).toHaveLength(3);
});

test("writes the output of every tool to one log", async () => {
  const bench = await createBench();
  const { logFile } = await bench.run();
  const log = await readFile(logFile ?? "", "utf8");
  expect(log.match(/^\$ /gm)).toHaveLength(ALL_CALLS.length - 2);
  expect(log).toContain("Installed 2 packages");
});

test("does nothing and starts no tool when everything is there", async () => {
  const bench = await createBench();
  await bench.run();
  const before = await bench.calls();
  const again = await bench.run();
  expect(again.installed).toEqual([]);
  expect(again.logFile).toBeNull();
  expect(await bench.calls()).toEqual(before);
});

test("makes again only what was damaged: a folder without its mark, or an environment whose Python is gone", async () => {
  const bench = await createBench();
  const { python, model } = await bench.run();
  await rm(join(model, "complete.json"));
  expect((await bench.run()).installed).toEqual(["SmolLM2-135M-Instruct"]);
  await rm(python);
  await symlink(join(bench.folder, "removed"), python);
  expect((await bench.run()).installed).toEqual(["vLLM 0.32.0 (cpu)"]);
});

test("replaces what an older recipe made, and keeps what a newer one made", async () => {
  const bench = await createBench();
  const { model } = await bench.run();
  const mark = join(model, "complete.json");
  const text = await readFile(mark, "utf8");
  await writeFile(mark, text.replace(/"recipe": \d+/, '"recipe": 99'));
  expect((await bench.run()).installed).toEqual([]);
  await writeFile(mark, text.replace(/"recipe": \d+/, '"recipe": 0'));
  expect((await bench.run()).installed).toEqual(["SmolLM2-135M-Instruct"]);
});

test("lets two calls at once install each thing once: one waits for the other", async () => {
  const bench = await createBench({ FAKE_GATE: "pip install uv" });
  const both = Promise.all([bench.run(), bench.run()]);
  await until("one waits", () => bench.steps.some(({ name }) => name === "wait"));
  await writeFile(join(bench.folder, "open"), "");
  const results = await both;
  expect(results.map(({ installed }) => installed.length).toSorted()).toEqual([0, 3]);
  expect((await bench.calls()).toSorted()).toEqual(ALL_CALLS.toSorted());
});

test("stops with the signal's reason, leaving no process and no half folder", async () => {
  const tag = fileURLToPath(import.meta.url);
  const bench = await createBench({ FAKE_HANG: "uv install vllm", [TAG]: tag });
  const abort = new AbortController();
  const running = bench.run({ signal: abort.signal });
  await until("the tool hangs", async () => (await bench.calls()).includes("half"));
  abort.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  expect(await gone(tag)).toEqual([]);
  expect(await readdir(join(bench.home, "tmp"))).toEqual([]);
});

test("hands pip's registry to uv", async () => {
  const bench = await createBench({ FAKE_PIP: "global.index-url='https://registry.test/simple'\n" });
  await bench.run();
  expect(await vllmCall(bench)).toMatch(/^https:\/\/registry\.test\/simple /);
});

test("takes PyTorch's own CPU build where its index is reachable, and the ordinary one elsewhere", async () => {
  const reachable = await createBench({ FAKE_TORCH: "0" });
  await reachable.run();
  expect(await vllmCall(reachable)).toContain("--torch-backend cpu");
  const elsewhere = await createBench();
  await elsewhere.run();
  expect(await vllmCall(elsewhere)).not.toContain("--torch-backend");
});

test("installs the CUDA build without the CPU build's overrides and name", async () => {
  const bench = await createBench();
  const { vllm, python } = await bench.run({ gpu: "cuda" });
  expect(vllm.flavour).toBe("cuda");
  expect(enginePython(bench.home)).toBe(python);
  expect(await bench.calls()).toEqual(ALL_CALLS.filter((call) => call !== "name_vllm.py"));
  expect(await vllmCall(bench)).not.toContain("--overrides");
});

function vllmCall(bench: Bench): Promise<string> {
  return readFile(`${bench.env["FAKE_CALLS"]}.vllm`, "utf8");
}
