import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { spawnEngine } from "../../src/engine/life/spawn.ts";
import { AbtieError } from "../../src/errors.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { LABELS, onePid, PROMPT, spawnOptions, taggedProcesses, until } from "./helpers.ts";

test("starts a server, scores with it and leaves nothing behind", async () => {
  const stages: string[] = [];
  const { options, tag, runDir } = await spawnOptions(
    { listenAfterMs: 300, healthyAfterMs: 600 },
    { options: { onProgress: (text) => stages.push(text) } },
  );
  const engine = await spawnEngine(options);
  expect(engine.model).toMatch(/^abtie-[0-9a-f]{8}$/);
  expect(engine).toMatchObject({ version: "0.32.0", maxModelLen: 2048, method: "logprob_token_ids", tried: [] });
  expect(engine.logFile).toBe(`${runDir}/server.log`);
  const [first, second] = await engine.score([PROMPT, [1, 2, 3]], LABELS, options.signal);
  expect([...(first?.logProbs.keys() ?? [])]).toEqual([...LABELS]);
  expect(first?.logProbs).not.toEqual(second?.logProbs);
  expect((await engine.metrics())?.promptTokens).toBeGreaterThan(0);
  expect(await engine.tokenize({ prompt: "AB", add_special_tokens: false })).toEqual([65, 66]);
  expect(stages).toContain("key-value cache for 46,592 tokens, room for 22.75 prompts of 2,048 tokens at once");
  expect(taggedProcesses(tag).length).toBeGreaterThanOrEqual(2);

  await engine[Symbol.asyncDispose]();
  expect(taggedProcesses(tag)).toEqual([]);
  expect(engine.died.aborted).toBe(false);
});

test("ends a server that ignores SIGTERM, and its orphan in another session, when it is stopped", async () => {
  const { options, tag } = await spawnOptions({ ignoreSigterm: true, orphan: true }, { spec: { stopGraceMs: 300 } });
  const engine = await spawnEngine(options);
  expect(taggedProcesses(tag).length).toBeGreaterThanOrEqual(3);
  await engine[Symbol.asyncDispose]();
  expect(taggedProcesses(tag)).toEqual([]);
});

test("ends a frozen server when it is stopped", async () => {
  const { options, tag } = await spawnOptions({}, { spec: { stopGraceMs: 300 } });
  const engine = await spawnEngine(options);
  process.kill(onePid(tag, "fake-vllm.mjs serve"), "SIGSTOP");
  await engine[Symbol.asyncDispose]();
  expect(taggedProcesses(tag)).toEqual([]);
});

test("reports that a server died midway, ends the processes that it left behind, and can be started again", async () => {
  const { options, tag } = await spawnOptions({ dieAfterRequests: 4, orphan: true, exitCode: 3 });
  const engine = await spawnEngine(options);
  const failures: unknown[] = [];
  for (let i = 0; i < 4; i += 1) {
    await engine.score([PROMPT], LABELS, options.signal).catch((error) => failures.push(error));
  }
  expect(failures.length).toBeGreaterThan(0);
  expect(failures[0]).toMatchObject({ name: "RequestError", kind: "connection" });
  await until(() => engine.died.aborted);
  expect(engine.died.reason).toBeInstanceOf(AbtieError);
  expect(engine.died.reason.message).toContain("The server ended while it was in use (exit status 3)");
  expect(taggedProcesses(tag)).toEqual([]);
  await engine[Symbol.asyncDispose]();

  await using again = await spawnEngine(options);
  expect(await again.score([PROMPT], LABELS, options.signal)).toHaveLength(1);
});

test("ends everything although its supervisor was killed", async () => {
  const { options, tag } = await spawnOptions({ orphan: true });
  const engine = await spawnEngine(options);
  process.kill(onePid(tag, "supervisor.js"), "SIGKILL");
  await until(() => engine.died.aborted);
  expect(taggedProcesses(tag)).toEqual([]);
  await engine[Symbol.asyncDispose]();
});

test("names a port that is in use before anything is started", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void blocker.close());
  const { port } = blocker.address() as { port: number };
  const { options, tag } = await spawnOptions({}, { spec: { port } });
  await expect(spawnEngine(options)).rejects.toMatchObject({
    code: "engine",
    message: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use by another program`),
  });
  expect(taggedProcesses(tag)).toEqual([]);
});

test("notices a stranger on its port by the name of the model", async () => {
  const { options, tag } = await spawnOptions({ modelName: "somebody-else" });
  await expect(spawnEngine(options)).rejects.toMatchObject({
    code: "engine",
    message: expect.stringContaining("it lists somebody-else, where abtie-"),
  });
  expect(taggedProcesses(tag)).toEqual([]);
});

test.each([
  ["never listens", { neverListen: true }, 1_000, "1\\.0 s.*ECONNREFUSED"],
  // A loaded machine needs seconds until the server listens at all.
  ["accepts and never answers", { acceptOnly: true }, 6_000, "6\\.0 s.*took longer than"],
  ["stays unhealthy", { healthyAfterMs: 60_000 }, 6_000, "6\\.0 s.*503 "],
])("gives up at the limit on a server that %s", async (_name, knobs, readyMs, reason) => {
  const { options, tag } = await spawnOptions(knobs, { spec: { readyMs } });
  await expect(spawnEngine(options)).rejects.toMatchObject({
    code: "engine",
    message: expect.stringMatching(new RegExp(`was not ready within ${reason}`)),
  });
  expect(taggedProcesses(tag)).toEqual([]);
});

test("stops the server when the start is aborted, and throws the reason", async () => {
  const controller = new AbortController();
  const { options, tag } = await spawnOptions({ neverListen: true }, { options: { signal: controller.signal } });
  const starting = spawnEngine(options);
  await until(() => taggedProcesses(tag).length >= 2);
  controller.abort(new Error("Ctrl-C"));
  await expect(starting).rejects.toThrow("Ctrl-C");
  expect(taggedProcesses(tag)).toEqual([]);
});

test("appends the log of a second start, and shows only that one's lines in its error", async () => {
  const { options, runDir } = await spawnOptions({ failText: "ValueError: first" });
  await expect(spawnEngine(options)).rejects.toThrow("ValueError: first");
  const second = {
    ...options,
    spec: { ...options.spec, env: { ...options.spec.env, FAKE_VLLM: new Secret('{"failText":"ValueError: second"}') } },
  };
  const error = await spawnEngine(second).catch((thrown) => thrown);
  expect(error.details).toEqual(["ValueError: second", `Log: ${runDir}/server.log`]);
  expect(await readFile(`${runDir}/server.log`, "utf8")).toContain("first\nValueError: second");
});
