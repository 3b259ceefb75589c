import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Dialect, Question } from "../../src/engine/dialects/dialect.ts";
import { llamacpp } from "../../src/engine/dialects/llamacpp.ts";
import { sglangGenerate } from "../../src/engine/dialects/sglang-generate.ts";
import { topLogprobs } from "../../src/engine/dialects/top-logprobs.ts";
import { sendJson, serve } from "../helpers/loopback.ts";
import { attachTo } from "./attached.ts";
import { clientOf } from "./helpers.ts";

const folder = new URL("../fixtures/engine/answers/", import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const signal = new AbortController().signal;

async function bodyOf(request: AsyncIterable<unknown>): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Record<string, unknown>;
}

describe("llama.cpp", () => {
  /** Answered by a real server (xllamacpp 2026.10, SmolLM2-135M as Q4_1); bench/llamacpp.mjs --record wrote them. */
  const { ids, prompts } = read("llamacpp.json") as {
    readonly ids: readonly number[];
    readonly prompts: readonly {
      readonly prompt: readonly number[];
      readonly answers: readonly unknown[];
      readonly full: readonly number[];
    }[];
  };

  test.each(prompts)(
    "gives the labels and their mass as its own list of the whole vocabulary does",
    ({ prompt, answers, full }) => {
      const [found] = llamacpp.read(answers, { model: "m", prompts: [prompt], ids, cacheSalt: null });
      expect(found).toMatchObject({ bound: null, absolute: true });
      const values = ids.map((id) => found?.logProbs.get(id) ?? Number.NaN);
      for (const [i, value] of values.entries()) {
        // The list of the whole vocabulary sums to 1 only within 2e-4, because the server adds its terms in float32.
        expect(Math.abs(Math.exp(value) - Math.exp(full[i] ?? Number.NaN))).toBeLessThan(1e-4);
        // A label outside the 100 most likely tokens comes from the first request, in which the prompt was not cached yet.
        expect(Math.abs(value - (full[i] ?? Number.NaN))).toBeLessThan(0.25);
      }
    },
  );

  test("is asked twice: for the ratios of the labels, then for the most likely tokens", () => {
    const question = { model: "m", prompts: [[1], [2]], ids: [5, 6], cacheSalt: null };
    const shared = { model: "m", prompt: [[1], [2]], max_tokens: 1, temperature: 0, logit_bias: { 5: 64, 6: 64 } };
    expect(llamacpp.requests(question)).toEqual([
      { path: "/v1/completions", body: { ...shared, logprobs: 2, samplers: [], post_sampling_probs: true } },
      {
        path: "/v1/completions",
        body: { ...shared, logprobs: 100, samplers: ["temperature"], post_sampling_probs: false },
      },
    ]);
  });

  test("may reuse nothing when prefixes are to be kept apart", () => {
    const question = { model: "m", prompts: [[1]], ids: [5, 6], cacheSalt: "variant" };
    for (const { body } of llamacpp.requests(question)) expect(body).toMatchObject({ cache_prompt: false });
  });

  test("tells its context length, and tokenises texts and chats on pages of its own", async () => {
    const bodies: Record<string, unknown>[] = [];
    const { url } = await serve(async (request, response) => {
      if (request.url === "/props") return sendJson(response, { default_generation_settings: { n_ctx: 1_024 } });
      if (request.url === "/v1/models") return sendJson(response, { data: [{ id: "m.gguf", owned_by: "llamacpp" }] });
      if (request.method === "GET") return sendJson(response, { error: { code: 404, message: "File Not Found" } }, 404);
      const body = await bodyOf(request);
      bodies.push(body);
      if (request.url === "/apply-template") return sendJson(response, { prompt: "<user>Hi" });
      const content = body["content"];
      sendJson(response, { tokens: typeof content === "string" ? [...content].map((_, i) => i + 1) : [] });
    });
    const contexts: (number | null)[] = [];
    const asked = attachTo(
      { baseUrl: url },
      {
        probe: async ({ tokenize, maxModelLen }) => {
          contexts.push(maxModelLen);
          expect(await tokenize({ prompt: "Hi", add_special_tokens: true })).toEqual([1, 2]);
          const chat = { messages: [{ role: "user", content: "Hi" }], add_generation_prompt: true } as const;
          const ids = await tokenize({
            ...chat,
            chat_template_kwargs: { enable_thinking: false },
            add_special_tokens: false,
          });
          expect(ids).toHaveLength("<user>Hi".length);
          throw new Error("enough");
        },
      },
    );
    await expect(asked).rejects.toThrow("enough");
    expect(contexts).toEqual([1_024]);
    expect(bodies.slice(1)).toEqual([
      { model: "m.gguf", content: "Hi", add_special: true, parse_special: true },
      expect.objectContaining({ model: "m.gguf", chat_template_kwargs: { enable_thinking: false } }),
      { model: "m.gguf", content: "<user>Hi", add_special: false, parse_special: true },
    ]);
  });
});

describe("SGLang", () => {
  const question: Question = {
    model: "m",
    prompts: [
      [1, 2, 3],
      [4, 5],
    ],
    ids: [330, 389, 15_805],
    cacheSalt: null,
  };

  test("answers on /generate with exactly the labels, over the whole vocabulary", () => {
    const [first, second] = sglangGenerate.read([read("sglang_generate.json")], question);
    expect([...(first?.logProbs ?? [])]).toEqual([
      [330, -0.72],
      [389, -2.17],
      [15_805, -4.22],
    ]);
    expect(second).toMatchObject({ bound: null, absolute: true });
  });

  test("is found by trying, behind the better dialect of vLLM", async () => {
    const bodies: Record<string, unknown>[] = [];
    const { url } = await serve(async (request, response) => {
      if (request.url === "/v1/models")
        return sendJson(response, { data: [{ id: "m", root: "/m", max_model_len: 4_096 }] });
      if (request.method === "GET") return sendJson(response, { detail: "Not Found" }, 404);
      const body = await bodyOf(request);
      if (request.url === "/v1/completions") {
        const logprobs = { top_logprobs: [{ " A": -0.72 }], tokens: [" A"], token_logprobs: [-0.72] };
        return sendJson(response, { model: "m", choices: [{ index: 0, logprobs }] });
      }
      bodies.push(body);
      const part = (read("sglang_generate.json") as readonly Record<string, unknown>[])[0];
      sendJson(
        response,
        (body["input_ids"] as readonly unknown[]).map(() => part),
      );
    });
    const probe = async () => ({ prompt: [1, 2, 3], ids: question.ids });
    const { engine, warnings } = await attachTo({ baseUrl: url }, { probe });
    expect(engine).toMatchObject({ method: "sglang_generate", served: { id: "m", root: "/m" }, answersAs: "m" });
    expect(warnings).toEqual([]);
    await engine.score(
      [
        [1, 2, 3],
        [7, 8, 9],
      ],
      question.ids,
      signal,
      "variant",
    );
    expect(bodies.at(-1)).toEqual({
      input_ids: [
        [1, 2, 3],
        [7, 8, 9],
      ],
      sampling_params: { max_new_tokens: 1, temperature: 0 },
      return_logprob: true,
      logprob_start_len: -1,
      token_ids_logprob: question.ids,
      extra_key: "variant",
    });
  });

  test("reports a request that it gave up as what it is", () => {
    const message = "The input (5000 tokens) is longer than the model's context length (4096 tokens).";
    const aborted = { text: "", meta_info: { finish_reason: { type: "abort", status_code: 400, message } } };
    expect(() => sglangGenerate.read([aborted], { ...question, prompts: [[1]] })).toThrow(
      expect.objectContaining({ kind: "too-long", status: 400 }),
    );
  });
});

describe("an answer by texts", () => {
  const texts = new Map([
    [330, " A"],
    [389, " B"],
    [15_805, " tie"],
  ]);
  const question: Question = { model: "m", prompts: [[1]], ids: [...texts.keys()], cacheSalt: null };
  const byText: Dialect = topLogprobs({ count: 3, idsAsked: false, textOf: (id) => texts.get(id) });
  const answer = (logprobs: unknown) => [{ choices: [{ index: 0, logprobs }] }];
  const listed = [
    ["A", -3],
    [" A", -0.72],
    [" B", -2.17],
  ] as const;

  test.each([
    ["an object", { top_logprobs: [Object.fromEntries(listed)] }],
    ["a list", { top_logprobs: [listed.map(([token, logprob]) => ({ token, logprob }))] }],
    [
      "the shape of a chat",
      {
        content: [
          { token: " A", logprob: -0.72, top_logprobs: listed.map(([token, logprob]) => ({ token, logprob })) },
        ],
      },
    ],
  ])("is read from %s", (_name, logprobs) => {
    const [found] = byText.read(answer(logprobs), question);
    expect([...(found?.logProbs ?? [])]).toEqual([
      [330, -0.72],
      [389, -2.17],
    ]);
    expect(found?.bound).toBeLessThanOrEqual(-3);
  });

  test("that lists a label's text twice is refused, because one of them is another token", () => {
    const twice = {
      top_logprobs: [
        [
          { token: " A", logprob: -1 },
          { token: " A", logprob: -2 },
        ],
      ],
    };
    expect(() => byText.read(answer(twice), question)).toThrow('lists two tokens with the text " A"');
  });

  test("of a shape that abtie does not know names its parts", () => {
    expect(() => byText.read(answer({ scores: [], labels: [] }), question)).toThrow(
      "in an unknown shape (scores, labels)",
    );
  });
});

test.each([
  [413, "Payload Too Large", "too-large"],
  [422, "batch size 64 > maximum allowed batch size 32", "too-large"],
  [400, "request (3000 tokens) exceeds the available context size (2048 tokens), try increasing it", "too-long"],
  [400, "The input (5000 tokens) is longer than the model's context length (4096 tokens).", "too-long"],
  [400, "Unrecognized request argument supplied: cache_salt", "bad-request"],
])("status %d with %j is an error of the kind %s", async (status, message, kind) => {
  const { url } = await serve((_request, response) => sendJson(response, { error: { message } }, status));
  await expect(clientOf(url).post("/v1/completions", {}, 64)).rejects.toMatchObject({ kind, status });
});
