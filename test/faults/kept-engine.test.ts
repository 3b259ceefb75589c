import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { spawnEngine } from "../../src/engine/life/spawn.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { LABELS, onePid, PROMPT, spawnOptions, taggedProcesses, temporaryFolder, until } from "../engine/helpers.ts";

const SERVER = "fake-vllm.mjs serve";

/** Options of a server that is kept for `ms`. */
async function keptOptions(ms: number, knobs: Parameters<typeof spawnOptions>[0] = {}) {
  const folder = join(await temporaryFolder(), "kept");
  const said: string[] = [];
  const log = (_level: string, text: string): void => void said.push(text);
  const { options, tag } = await spawnOptions(knobs, {
    spec: { stopGraceMs: 300 },
    options: { keep: { ms, folder }, log },
  });
  return { options, tag, folder, said };
}

test("a server that is kept goes on after its run, and the next run uses it", async () => {
  const { options, tag, said } = await keptOptions(60_000);
  const first = await spawnEngine(options);
  const pid = onePid(tag, SERVER);
  await first[Symbol.asyncDispose]();
  const second = await spawnEngine(options);
  expect(onePid(tag, SERVER)).toBe(pid);
  expect(second).toMatchObject({ model: first.model, baseUrl: first.baseUrl, logFile: first.logFile });
  expect(await second.score([PROMPT], LABELS, options.signal)).toEqual(
    await second.score([PROMPT], LABELS, options.signal),
  );
  expect(said).toEqual([`using the server at ${first.baseUrl} that an earlier run left`]);
  await second[Symbol.asyncDispose]();
  expect(onePid(tag, SERVER)).toBe(pid);
});

test("a server that nobody uses stops by itself, and leaves nothing behind", async () => {
  const { options, tag } = await keptOptions(300, { orphan: true });
  const engine = await spawnEngine(options);
  await engine[Symbol.asyncDispose]();
  await until(() => taggedProcesses(tag).length === 0);
  const again = await spawnEngine(options);
  expect(again.model).not.toBe(engine.model);
  await again[Symbol.asyncDispose]();
  await until(() => taggedProcesses(tag).length === 0);
});

test("a server that is in use is not shared, and the other run's server is stopped at its end", async () => {
  const { options, tag } = await keptOptions(60_000);
  const first = await spawnEngine(options);
  const { length } = taggedProcesses(tag);
  const second = await spawnEngine(options);
  expect(second.baseUrl).not.toBe(first.baseUrl);
  await second[Symbol.asyncDispose]();
  await until(() => taggedProcesses(tag).length === length);
  await first[Symbol.asyncDispose]();
  const third = await spawnEngine(options);
  expect(third.baseUrl).toBe(first.baseUrl);
  await third[Symbol.asyncDispose]();
});

test.each([
  ["other arguments", { args: ["--other"] }],
  ["another variable", { env: { OTHER: new Secret("1") } }],
  ["another model", { model: "other" }],
])("a run with %s does not use it", async (_name, changed) => {
  const { options, tag } = await keptOptions(60_000);
  const { spec } = options;
  const first = await spawnEngine(options);
  await first[Symbol.asyncDispose]();
  const other = {
    ...spec,
    ...changed,
    args: [...spec.args, ...("args" in changed ? changed.args : [])],
    env: { ...spec.env, ...("env" in changed ? changed.env : {}) },
  };
  const second = await spawnEngine({ ...options, spec: other });
  expect(second.baseUrl).not.toBe(first.baseUrl);
  await second[Symbol.asyncDispose]();
  expect(taggedProcesses(tag).length).toBeGreaterThan(0);
});

test("a server that died while it was kept is replaced by a new one, also where its keeper was killed", async () => {
  const { options, tag } = await keptOptions(60_000);
  const first = await spawnEngine(options);
  await first[Symbol.asyncDispose]();
  process.kill(onePid(tag, SERVER), "SIGKILL");
  await until(() => taggedProcesses(tag).length === 0);
  const second = await spawnEngine(options);
  await second[Symbol.asyncDispose]();
  process.kill(onePid(tag, "supervisor.js"), "SIGKILL");
  await until(() => taggedProcesses(tag).length === 0);
  const third = await spawnEngine(options);
  expect(third.model).not.toBe(second.model);
  await third[Symbol.asyncDispose]();
});

test("a server that dies while a later run uses it counts as lost", async () => {
  const { options, tag } = await keptOptions(60_000);
  await (await spawnEngine(options))[Symbol.asyncDispose]();
  const engine = await spawnEngine(options);
  process.kill(onePid(tag, SERVER), "SIGKILL");
  await until(() => engine.died.aborted);
  expect(String(engine.died.reason)).toContain("The server ended while it was in use");
  await engine[Symbol.asyncDispose]();
});

test("a server that was never ready is not kept", async () => {
  const { options, tag } = await keptOptions(60_000, { failText: "CUDA out of memory", exitCode: 1 });
  await expect(spawnEngine(options)).rejects.toThrow("GPU");
  expect(taggedProcesses(tag)).toEqual([]);
});

test("without a short enough path for a socket the server is stopped at the end of its run, and that is said", async () => {
  const folder = join(await temporaryFolder(), "a".repeat(100));
  await mkdir(folder);
  const said: string[] = [];
  const { options, tag } = await spawnOptions(
    {},
    { options: { keep: { ms: 60_000, folder }, log: (_level, text) => void said.push(text) } },
  );
  await (await spawnEngine(options))[Symbol.asyncDispose]();
  expect(taggedProcesses(tag)).toEqual([]);
  expect(said[0]).toContain("the server is not kept");
});
