import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { type AttachSpec, attachEngine } from "../../src/engine/life/attach.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { type FakeKnobs, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { LABELS, PROMPT, realClock } from "./helpers.ts";

async function attach(spec: Partial<AttachSpec>, apiKey = "EMPTY"): Promise<Engine> {
  const engine = await attachEngine({
    spec: { baseUrl: "", model: null, readyMs: 0, ...spec },
    clock: realClock,
    log: () => {},
    env: {},
    apiKey: new Secret(apiKey),
    redact: (text) => text,
    signal: new AbortController().signal,
    method: null,
    probe: async () => ({ prompt: PROMPT, ids: LABELS }),
    timeoutMs: 5_000,
    warmUpMs: 5_000,
  });
  onTestFinished(() => engine[Symbol.asyncDispose]());
  return engine;
}

async function fake(knobs: FakeKnobs = {}) {
  const started = await startFake(knobs);
  onTestFinished(() => started.close());
  return started;
}

test("attaches by a full endpoint and takes the only model there is", async () => {
  const { url } = await fake();
  const engine = await attach({ baseUrl: `${url}/v1/completions` });
  expect(engine).toMatchObject({ baseUrl: url, model: "fake", logFile: null, version: "0.32.0" });
});

test("leaves the server running when it is disposed", async () => {
  const { url } = await fake();
  await (await attach({ baseUrl: url }))[Symbol.asyncDispose]();
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test("sends the key, and names OPENAI_API_KEY in the error when the server wants another", async () => {
  const { url } = await fake({ apiKey: "secret" });
  expect((await attach({ baseUrl: url }, "secret")).method).toBe("logprob_token_ids");
  await expect(attach({ baseUrl: url })).rejects.toMatchObject({
    code: "engine",
    message: expect.stringContaining("Set OPENAI_API_KEY"),
  });
});

test("names the models of a server that lacks the one asked for", async () => {
  const { url } = await fake();
  await expect(attach({ baseUrl: url, model: "judge" })).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining("does not serve judge. It serves: fake."),
  });
});

test("waits for a server that is still starting", async () => {
  const { url, change } = await fake({ healthyAfterMs: Number.MAX_SAFE_INTEGER });
  await expect(attach({ baseUrl: url })).rejects.toMatchObject({
    code: "engine",
    message: expect.stringContaining("503"),
  });
  const waiting = attach({ baseUrl: url, readyMs: 10_000 });
  change({ healthyAfterMs: 0 });
  expect((await waiting).model).toBe("fake");
});

test("fails at once when nothing listens", async () => {
  const { url, close } = await fake();
  await close();
  await expect(attach({ baseUrl: url })).rejects.toMatchObject({
    code: "engine",
    message: expect.stringMatching(/No server is ready at .*ECONNREFUSED.* Start it, or correct its address/),
  });
});

test("does without pages that other servers lack", async () => {
  const { url } = await fake({ pages: [] });
  const engine = await attach({ baseUrl: url });
  expect(engine.version).toBeNull();
  expect(await engine.metrics()).toBeNull();
});

test("reports that a server has no completions", async () => {
  const server = createServer((request, response) => {
    const found = request.url === "/v1/models";
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(found ? '{"data":[{"id":"chat-only"}]}' : '{"detail":"Not Found"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(attach({ baseUrl })).rejects.toMatchObject({
    code: "engine",
    message: expect.stringContaining("has no /v1/completions"),
  });
});
