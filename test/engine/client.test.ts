import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Client } from "../../src/engine/client/client.ts";
import type { Question } from "../../src/engine/dialects/dialect.ts";
import { logprobTokenIds } from "../../src/engine/dialects/logprob-token-ids.ts";
import { type FakeKnobs, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { clientOf, LABELS, PROMPT, until } from "./helpers.ts";

/** Asks the question in the dialect of a new vLLM. */
async function complete(client: Client, question: Question, signal?: AbortSignal) {
  const answers: unknown[] = [];
  for (const { path, body } of logprobTokenIds.requests(question)) {
    answers.push(await client.post(path, body, question.prompts.length, { signal }));
  }
  return logprobTokenIds.read(answers, question);
}

async function fakeAndClient(knobs: FakeKnobs, changes: Parameters<typeof clientOf>[1] = {}) {
  const fake = await startFake(knobs);
  onTestFinished(() => fake.close());
  const client = clientOf(fake.url, changes);
  const ask = (prompts: readonly (readonly number[])[] = [PROMPT], signal?: AbortSignal) =>
    complete(client, { model: "fake", prompts, ids: LABELS, cacheSalt: null }, signal);
  return { fake, client, ask };
}

describe("a request", () => {
  test("asks for one token after each prompt at temperature 0, with token ids as keys", async () => {
    const { fake, ask } = await fakeAndClient({});
    await ask([PROMPT, [1]]);
    expect(fake.stats.lastRequest).toEqual({
      model: "fake",
      prompts: 2,
      max_tokens: 1,
      temperature: 0,
      return_tokens_as_token_ids: true,
      logprobs: 0,
      logprob_token_ids: [...LABELS],
    });
  });

  test("gives the choices in the order of the prompts whatever the order in the answer", async () => {
    const choice = (index: number) => ({ index, logprobs: { top_logprobs: [{ "token_id:1": -1 - index }] } });
    const server = createServer((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [choice(2), choice(0), choice(1)] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const found = await complete(client, { model: "m", prompts: [[1], [2], [3]], ids: [1], cacheSalt: null });
    expect(found.map(({ logProbs }) => logProbs.get(1))).toEqual([-1, -2, -3]);
  });

  test("keeps 256 requests in flight at once", async () => {
    const { fake, ask } = await fakeAndClient({ faults: [{ kind: "hang" }] }, { timeoutMs: 60_000 });
    const controller = new AbortController();
    const pending = Promise.allSettled(Array.from({ length: 256 }, (_, i) => ask([[i + 1]], controller.signal)));
    await until(() => fake.stats.inFlight === 256);
    expect(fake.stats.maxInFlight).toBe(256);
    controller.abort(new Error("enough"));
    await pending;
  });

  test("sends the API key", async () => {
    const { client } = await fakeAndClient({ apiKey: "secret" }, { apiKey: "secret" });
    expect(await client.models()).toMatchObject([{ id: "fake", maxModelLen: 2048 }]);
    const { client: wrong } = await fakeAndClient({ apiKey: "secret" });
    await expect(wrong.models()).rejects.toMatchObject({ kind: "bad-request", status: 401 });
  });
});

describe("a broken answer", () => {
  test.each([
    ["http500", "server", 500],
    ["engine-dead", "server", 500],
    ["overloaded", "overloaded", 429],
    ["unavailable", "overloaded", 503],
    ["reset", "connection", undefined],
    ["half", "connection", undefined],
    ["not-json", "malformed", undefined],
    ["nan", "malformed", undefined],
    ["wrong-usage", "malformed", undefined],
    ["wrong-count", "malformed", undefined],
    ["wrong-index", "malformed", undefined],
  ])("of the kind %s becomes a RequestError of the kind %s", async (fault, kind, status) => {
    const { fake, ask } = await fakeAndClient({ faults: [{ kind: fault, times: 1 }] });
    await expect(ask()).rejects.toMatchObject({ name: "RequestError", kind, status });
    expect(fake.stats.requests).toBe(1);
  });

  test("gives the time that the server asks to wait", async () => {
    const { ask } = await fakeAndClient({ faults: [{ kind: "overloaded" }] });
    await expect(ask()).rejects.toMatchObject({ retryAfterMs: 1_000 });
  });

  test("does not spoil the next request on the same pool", async () => {
    const { ask } = await fakeAndClient({ faults: [{ kind: "half", times: 1 }] });
    await expect(ask()).rejects.toThrow();
    expect(await ask()).toHaveLength(1);
  });

  test("of a model that is not there names those that are", async () => {
    const { client } = await fakeAndClient({});
    const request = complete(client, { model: "other", prompts: [PROMPT], ids: LABELS, cacheSalt: null });
    await expect(request).rejects.toMatchObject({
      kind: "bad-request",
      status: 404,
      message: expect.stringContaining("Valid aliases: fake"),
    });
  });
});

describe("a prompt that is too long", () => {
  test.each([
    ["longer than the limit", 17],
    ["as long as the limit, which leaves no room for the answer", 16],
  ])("is told from other refusals when it is %s", async (_name, length) => {
    const { ask } = await fakeAndClient({ maxModelLen: 16 });
    await expect(ask([[1], Array.from({ length }, () => 7)])).rejects.toMatchObject({ kind: "too-long", status: 400 });
  });

  test("is not confused with a token that does not exist", async () => {
    const { ask } = await fakeAndClient({});
    await expect(ask([[9_999_999]])).rejects.toMatchObject({ kind: "bad-request", status: 400 });
  });
});

describe("waiting for an answer", () => {
  test.each(["hang", "half-hang"])("ends at the limit when the answer is of the kind %s", async (fault) => {
    const { ask } = await fakeAndClient({ faults: [{ kind: fault }] }, { timeoutMs: 200 });
    await expect(ask()).rejects.toMatchObject({ kind: "timeout", message: "The request took longer than 200 ms." });
  });

  test("ends with the caller's reason when the caller aborts, before and during the request", async () => {
    const { ask } = await fakeAndClient({ faults: [{ kind: "hang" }] });
    const controller = new AbortController();
    const pending = ask([PROMPT], controller.signal);
    setTimeout(() => controller.abort(new Error("deadline")), 100);
    await expect(pending).rejects.toThrow("deadline");
    await expect(ask([PROMPT], controller.signal)).rejects.toThrow("deadline");
  });

  test("fails at once when nothing listens", async () => {
    const { fake, ask } = await fakeAndClient({});
    await fake.close();
    await expect(ask()).rejects.toMatchObject({ kind: "connection", message: expect.stringContaining("ECONNREFUSED") });
  });
});

describe("the other pages", () => {
  test("gives token ids of texts", async () => {
    const { client } = await fakeAndClient({});
    expect(await client.tokenize("fake", { prompt: "A B", add_special_tokens: false })).toEqual([65, 32, 66]);
  });

  test("reports that a server has no tokenizer", async () => {
    const { client } = await fakeAndClient({ pages: [] });
    await expect(client.tokenize("fake", { prompt: "A", add_special_tokens: false })).rejects.toMatchObject({
      kind: "bad-request",
      status: 404,
    });
    expect(await client.page("/version")).toMatchObject({ status: 404 });
  });
});
