import type { ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Clock } from "../../src/types.ts";
import { type FakeKnobs, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { passOn, sendJson, serve } from "../helpers/loopback.ts";
import { attachTo } from "./attached.ts";
import { LABELS, PROMPT, realClock } from "./helpers.ts";

const signal = new AbortController().signal;

/** A clock whose waits are four times shorter, so that the time limits of pages pass sooner. */
const quickClock: Clock = { ...realClock, sleep: (ms, own) => realClock.sleep(ms / 4, own) };

/** What a gateway does with a page that it does not know. */
const BEHAVIOURS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "401": (response) => sendJson(response, { error: "Unauthorized" }, 401),
  "403": (response) => sendJson(response, { error: "Forbidden" }, 403),
  "404": (response) => sendJson(response, { detail: "Not Found" }, 404),
  "405": (response) => void response.writeHead(405, { allow: "POST" }).end(),
  "500": (response) => void response.writeHead(500).end("Internal Server Error"),
  "501": (response) => void response.writeHead(501).end(),
  HTML: (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Welcome"),
  silence: () => {},
  "a reset": (response) => void response.socket?.resetAndDestroy(),
  "a redirect to a login page": (response) => void response.writeHead(302, { location: "https://login.test/" }).end(),
};
const PAGES = ["/health", "/version", "/props", "/metrics", "/tokenize", "/detokenize", "/generate"];

/** A gateway before a fake vLLM, which treats some paths in one of these ways and passes the others on. */
async function gateway(paths: readonly string[], behaviour: string, knobs: FakeKnobs = {}) {
  const fake = await startFake(knobs);
  onTestFinished(() => fake.close());
  const { url } = await serve((request, response) => {
    if (paths.includes(request.url ?? "")) BEHAVIOURS[behaviour]?.(response);
    else void passOn(request, response, fake.url);
  });
  return url;
}

describe.each(Object.keys(BEHAVIOURS))("a server is used although it answers with %s", (behaviour) => {
  test.each(PAGES)("on %s", async (page) => {
    const { engine } = await attachTo({ baseUrl: await gateway([page], behaviour) }, { clock: quickClock });
    expect(engine.method).toBe("logprob_token_ids");
    expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
    if (page === "/metrics") expect(await engine.metrics()).toBeNull();
  });

  test("on every page outside /v1, also when its dialect has to be found", async () => {
    const old = { fields: ["return_tokens_as_token_ids"] };
    const { engine } = await attachTo({ baseUrl: await gateway(PAGES, behaviour, old) }, { clock: quickClock });
    expect(engine.method).toBe("top_logprobs");
    expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
  });
});

describe("a gateway without a list of models", () => {
  test.each(["404", "405", "501", "HTML"])(
    "that answers with %s there is used when the config names the model",
    async (behaviour) => {
      const baseUrl = await gateway(["/v1/models"], behaviour);
      const { engine } = await attachTo({ baseUrl, model: "fake" });
      expect(engine.served).toEqual({ id: "fake", root: null, parent: null, maxModelLen: null, contextFrom: null });
      expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
    },
  );

  test("is an error that asks for the name when the config names none", async () => {
    await expect(attachTo({ baseUrl: await gateway(["/v1/models"], "404") })).rejects.toMatchObject({
      code: "engine",
      message: expect.stringContaining("needs the model's name in the config (engine.model)"),
    });
  });

  test("is an error that names the model when the completions do not know it either", async () => {
    const baseUrl = await gateway(["/v1/models"], "404");
    await expect(attachTo({ baseUrl, model: "other" })).rejects.toMatchObject({
      code: "engine",
      message: expect.stringContaining("does not serve other"),
    });
  });
});

describe("a server that is not ready", () => {
  test("says so by 503 on /health, although it lists its models", async () => {
    await expect(attachTo({ baseUrl: (await startedFake({ healthyAfterMs: 600_000 })).url })).rejects.toMatchObject({
      message: expect.stringContaining("/health: 503"),
    });
  });
});

describe("a key that is refused", () => {
  test.each(["/v1/models", "/v1/completions"])(
    "on %s ends the start at once, with the server's words",
    async (path) => {
      const fake = await startedFake({});
      const { url } = await serve((request, response) => {
        if (request.url === path) sendJson(response, { error: { message: "The key expired on 3 May" } }, 401);
        else void passOn(request, response, fake.url);
      });
      await expect(attachTo({ baseUrl: url, readyMs: 60_000 })).rejects.toMatchObject({
        code: "engine",
        message: expect.stringMatching(/refuses the API key \(401 The key expired on 3 May\)\. Set OPENAI_API_KEY/),
      });
    },
  );
});

async function startedFake(knobs: FakeKnobs) {
  const fake = await startFake(knobs);
  onTestFinished(() => fake.close());
  return fake;
}
