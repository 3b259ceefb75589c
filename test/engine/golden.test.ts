import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseMetrics } from "../../src/engine/capabilities/metrics.ts";
import { allowedTokenIds } from "../../src/engine/dialects/allowed-token-ids.ts";
import type { Dialect } from "../../src/engine/dialects/dialect.ts";
import { logitBias } from "../../src/engine/dialects/logit-bias.ts";
import { logprobTokenIds } from "../../src/engine/dialects/logprob-token-ids.ts";
import type { Method } from "../../src/engine/dialects/table.ts";
import { topLogprobs } from "../../src/engine/dialects/top-logprobs.ts";
import { startFake } from "../fixtures/engine/fake-vllm.mjs";

/** Captured from vLLM 0.32.0 by capture-answers.mjs; reference.json is a plain forward pass by reference.py. */
interface Captured {
  readonly prompts: readonly (readonly number[])[];
  readonly ids: readonly number[];
  readonly answers: Readonly<Record<string, { readonly status: number; readonly body: unknown }>>;
}
const folder = new URL("../fixtures/engine/answers/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const raw = JSON.parse(read("raw_logprobs.json")) as Captured;
const processed = JSON.parse(read("processed_logprobs.json")) as Captured;
const reference = JSON.parse(read("reference.json")) as readonly (readonly number[])[];

const answersOf = (captured: Captured, dialect: Dialect, method: Method) =>
  dialect.read([captured.answers[method]?.body], {
    model: "m",
    prompts: captured.prompts,
    ids: captured.ids,
    cacheSalt: null,
  });

const PROCESSED = [
  { method: "allowed_token_ids", dialect: allowedTokenIds },
  { method: "logit_bias", dialect: logitBias },
] as const;

describe("what a real vLLM answered equals a plain forward pass", () => {
  test.each([
    ["raw", raw],
    ["processed", processed],
  ])("by logprob_token_ids, %s", (_name, captured) => {
    for (const [i, { logProbs }] of answersOf(captured, logprobTokenIds, "logprob_token_ids").entries()) {
      for (const [j, id] of captured.ids.entries())
        expect(logProbs.get(id)).toBeCloseTo(reference[i]?.[j] ?? Number.NaN, 3);
    }
  });

  test.each(PROCESSED)("by $method on processed log probabilities, relative to the labels", ({ method, dialect }) => {
    for (const [i, { logProbs }] of answersOf(processed, dialect, method).entries()) {
      const expected = reference[i] ?? [];
      const logMass = Math.log(expected.reduce((sum, value) => sum + Math.exp(value), 0));
      for (const [j, id] of processed.ids.entries()) {
        expect(logProbs.get(id)).toBeCloseTo((expected[j] ?? Number.NaN) - logMass, 3);
      }
    }
  });

  test("by top_logprobs, or within the bound", () => {
    let listed = 0;
    for (const [i, { logProbs, bound }] of answersOf(
      raw,
      topLogprobs({ count: 20, idsAsked: true, textOf: undefined }),
      "top_logprobs",
    ).entries()) {
      for (const [j, id] of raw.ids.entries()) {
        const truth = reference[i]?.[j] ?? Number.NaN;
        const found = logProbs.get(id);
        if (found === undefined) expect(truth).toBeLessThan(bound ?? Number.NEGATIVE_INFINITY);
        else expect(found).toBeCloseTo(truth, 3);
        listed += found === undefined ? 0 : 1;
      }
    }
    expect(listed).toBeGreaterThan(0);
  });

  test.each(PROCESSED)("and raw log probabilities are refused by $method", ({ method, dialect }) => {
    expect(() => answersOf(raw, dialect, method)).toThrow(/lacks token|where 1 was expected/);
  });
});

test("the fake answers in the same shape as the real one", async () => {
  await using fake = await startFake({}, "fake");
  for (const method of ["logprob_token_ids", "top_logprobs", "too_many"]) {
    const fields = {
      logprob_token_ids: { logprobs: 0, logprob_token_ids: raw.ids },
      top_logprobs: { logprobs: 20 },
      too_many: { logprobs: 21 },
    }[method];
    const response = await fetch(`${fake.url}/v1/completions`, {
      method: "POST",
      body: JSON.stringify({
        model: "fake",
        prompt: raw.prompts,
        max_tokens: 1,
        return_tokens_as_token_ids: true,
        ...fields,
      }),
    });
    expect(response.status).toBe(raw.answers[method]?.status);
    expect(shapeOf(await response.json())).toEqual(shapeOf(raw.answers[method]?.body));
  }
});

test("the page of metrics of a real vLLM is read", () => {
  expect(parseMetrics(read("metrics.txt"))).toEqual({
    running: 0,
    waiting: 0,
    kvCacheUsage: 0,
    prefixCacheQueries: 154,
    prefixCacheHits: 0,
    preemptions: 0,
    promptTokens: 154,
    queueTime: { seconds: 0.00047196600144161494, count: 14 },
    prefillTime: { seconds: 12.96910216699871, count: 14 },
    requestLatency: { seconds: 13.175496101379395, count: 14 },
    steps: { tokens: 168, count: 12 },
  });
});

test("metrics of several engines are summed, the fullest cache counts, and missing ones are null", () => {
  const page = [
    'vllm:num_requests_running{engine="0"} 3.0',
    'vllm:num_requests_running{engine="1"} 4.0',
    'vllm:gpu_cache_usage_perc{engine="0",model_name="a } b"} 0.25 1795312461',
    'vllm:gpu_cache_usage_perc{engine="1"} 0.5',
    "vllm:prompt_tokens_total 1.5e+06",
  ].join("\n");
  expect(parseMetrics(page)).toMatchObject({
    running: 7,
    waiting: null,
    kvCacheUsage: 0.5,
    promptTokens: 1_500_000,
    queueTime: null,
  });
  expect(parseMetrics("python_info 1.0\n")).toBeNull();
});

/** The names and kinds of everything in an answer; keys that are token ids count as one. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  const entries = Object.entries(value).map(([key, part]) => [
    key.replace(/^token_id:\d+$/, "token_id:N"),
    shapeOf(part),
  ]);
  return Object.fromEntries(entries);
}
