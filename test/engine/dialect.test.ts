import { describe, expect, onTestFinished, test } from "vitest";
import type { Method } from "../../src/engine/dialects/table.ts";
import { topLogprobs } from "../../src/engine/dialects/top-logprobs.ts";
import type { EngineOptions } from "../../src/engine/life/open-engine.ts";
import { type FakeKnobs, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { attachTo as attachToServer } from "./attached.ts";
import { LABELS, PROMPT } from "./helpers.ts";

const ALL = ["logprob_token_ids", "allowed_token_ids", "logit_bias", "return_tokens_as_token_ids"];
const WITHOUT_NEWEST = ALL.slice(1);
const BIAS_ONLY = ["logit_bias", "return_tokens_as_token_ids"];
const signal = new AbortController().signal;

async function attachTo(knobs: FakeKnobs, method: Method | null = null, textOf?: (id: number) => string | undefined) {
  const fake = await startFake(knobs);
  onTestFinished(() => fake.close());
  const probe: EngineOptions["probe"] = async () => ({
    prompt: PROMPT,
    ids: LABELS,
    ...(textOf === undefined ? {} : { textOf }),
  });
  return { fake, ...(await attachToServer({ baseUrl: fake.url }, { method, probe })) };
}

describe("the way of asking is found by trying", () => {
  test.each<[string, FakeKnobs, Method]>([
    ["a new server", {}, "logprob_token_ids"],
    ["a new server with processed log probabilities", { logprobsMode: "processed_logprobs" }, "logprob_token_ids"],
    [
      "an older one with processed log probabilities",
      { fields: WITHOUT_NEWEST, logprobsMode: "processed_logprobs" },
      "allowed_token_ids",
    ],
    [
      "one that only knows the bias, processed",
      { fields: BIAS_ONLY, logprobsMode: "processed_logprobs" },
      "logit_bias",
    ],
    ["an older one with raw log probabilities", { fields: WITHOUT_NEWEST }, "top_logprobs"],
    ["one that allows five", { fields: BIAS_ONLY, maxLogprobs: 5 }, "top_logprobs"],
  ])("on %s", async (_name, knobs, method) => {
    const { engine, warnings } = await attachTo(knobs);
    expect(engine.method).toBe(method);
    expect(warnings).toHaveLength(method === "logprob_token_ids" ? 0 : 1);
  });

  test("is not fooled by a model that gives its labels nearly all of the probability", async () => {
    // With 4 tokens besides the labels, their raw probabilities sum to more than 0.999.
    const sure = { fields: WITHOUT_NEWEST, vocab: 4, labels: [0, 1, 2] };
    const fake = await startFake(sure);
    onTestFinished(() => fake.close());
    const probe: EngineOptions["probe"] = async () => ({ prompt: [3, 1, 2], ids: [0, 1, 2] });
    const { engine } = await attachToServer({ baseUrl: fake.url }, { probe });
    expect(engine.method).toBe("top_logprobs");
    const [answer] = await engine.score([[3, 1, 2]], [0, 1, 2], signal);
    const mass = [...(answer?.logProbs.values() ?? [])].reduce((sum, value) => sum + Math.exp(value), 0);
    expect(mass).toBeGreaterThan(0.999);
  });

  test("uses the method that the config demands, or names the reason why it cannot", async () => {
    expect((await attachTo({}, "top_logprobs")).engine.method).toBe("top_logprobs");
    const failure = await attachTo({}, "allowed_token_ids").catch((error) => error);
    expect(failure).toMatchObject({
      code: "engine",
      message: expect.stringContaining("by allowed_token_ids, which the config demands"),
    });
    expect(failure.details[0]).toContain("where 1 was expected");
  });

  test("lists every refusal when no method works", async () => {
    const failure = await attachTo({ logprobsMode: "raw_logits" }).catch((error) => error);
    expect(failure).toMatchObject({
      code: "engine",
      message: expect.stringContaining("--logprobs-mode processed_logprobs"),
    });
    expect(failure.details).toHaveLength(6);
    expect(failure.details[0]).toContain("is not a log probability");
  });

  test("does not take a server that stops answering for one that lacks a method", async () => {
    const failure = await attachTo({ faults: [{ kind: "reset", after: 1 }] }).catch((error) => error);
    expect(failure).toMatchObject({
      code: "engine",
      message: expect.stringContaining("did not answer its first requests"),
    });
  });

  test("reads a server that lists tokens by text when the texts are known", async () => {
    const knobs = { fields: [] };
    await expect(attachTo(knobs)).rejects.toMatchObject({
      details: expect.arrayContaining([expect.stringContaining("by text")]),
    });
    const { engine } = await attachTo(knobs, null, (id) => `<text ${id}>`);
    const { engine: reference } = await attachTo({});
    const [byText] = await engine.score([PROMPT], LABELS, signal);
    const [byId] = await reference.score([PROMPT], LABELS, signal);
    expect(byText?.logProbs).toEqual(byId?.logProbs);
  });
});

describe("all four ways agree", () => {
  const prompts = Array.from({ length: 20 }, (_, i) => [i, 2 * i + 1, 7, 9]);

  test.each<[Method, boolean, FakeKnobs]>([
    ["logprob_token_ids", true, {}],
    ["top_logprobs", true, {}],
    ["allowed_token_ids", false, { logprobsMode: "processed_logprobs" }],
    ["logit_bias", false, { logprobsMode: "processed_logprobs" }],
  ])("%s", async (method, absolute, knobs) => {
    const { engine: reference } = await attachTo({});
    const { engine } = await attachTo(knobs, method);
    const expected = await reference.score(prompts, LABELS, signal);
    const answers = await engine.score(prompts, LABELS, signal);
    for (const [i, answer] of answers.entries()) {
      expect(answer.absolute).toBe(absolute);
      const whole = LABELS.map((id) => expected[i]?.logProbs.get(id) ?? Number.NaN);
      const offset = absolute ? 0 : Math.log(whole.reduce((sum, value) => sum + Math.exp(value), 0));
      for (const [j, id] of LABELS.entries()) {
        expect(answer.logProbs.get(id)).toBeCloseTo((whole[j] ?? Number.NaN) - offset, 5);
      }
    }
  });
});

describe("a label that the answer does not hold", () => {
  test("is an error where the server was asked for exactly that label", async () => {
    const { engine, fake } = await attachTo({});
    for (const kind of ["missing-label", "wrong-ids", "null", "nan", "positive"]) {
      fake.change({ faults: [{ kind, times: 1 }] });
      await expect(engine.score([PROMPT], LABELS, signal), kind).rejects.toMatchObject({ kind: "malformed" });
    }
    expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
  });

  test("gets an upper bound that its true value does not exceed, where only the most likely tokens are listed", async () => {
    const faint = 36_521;
    const { engine } = await attachTo({ labels: [49, 50], faint: [faint] }, "top_logprobs");
    const { engine: reference } = await attachTo({ labels: [49, 50], faint: [faint] });
    const prompts = Array.from({ length: 20 }, (_, i) => [i, 5]);
    const answers = await engine.score(prompts, LABELS, signal);
    const truth = await reference.score(prompts, LABELS, signal);
    for (const [i, answer] of answers.entries()) {
      expect([...answer.logProbs.keys()]).toEqual([49, 50]);
      expect(answer.bound).toBeGreaterThanOrEqual(truth[i]?.logProbs.get(faint) ?? Number.NaN);
      expect(answer.bound).toBeLessThan(-5);
    }
  });

  test("is bounded by the rest of the probability when the listed ones leave less than the last of them has", () => {
    const readTop = (top: Readonly<Record<string, number>>, ids: readonly number[]) => {
      const answer = { choices: [{ index: 0, logprobs: { top_logprobs: [top] } }] };
      const [found] = topLogprobs({ count: 3, idsAsked: true, textOf: undefined }).read([answer], {
        model: "m",
        prompts: [[1]],
        ids,
        cacheSalt: null,
      });
      return found ?? { bound: null };
    };
    const choice = { "token_id:1": Math.log(0.5), "token_id:2": Math.log(0.3), "token_id:3": Math.log(0.19) };
    const { bound } = readTop(choice, [1, 9]);
    expect(Math.exp(bound ?? 0)).toBeCloseTo(0.01, 4);
    const sampledBeyond = { ...choice, "token_id:4": Math.log(1e-6) };
    expect(Math.exp(readTop(sampledBeyond, [9]).bound ?? 0)).toBeCloseTo(0.01, 4);
  });

  test("is refused where the most likely tokens have more than all of the probability", () => {
    const top = { "token_id:1": 0, "token_id:2": 0, "token_id:3": 0 };
    const answer = { choices: [{ index: 0, logprobs: { top_logprobs: [top] } }] };
    const question = { model: "m", prompts: [[1]], ids: [1, 2, 3], cacheSalt: null };
    const { read } = topLogprobs({ count: 3, idsAsked: true, textOf: undefined });
    expect(() => read([answer], question)).toThrow("more than all of the probability");
  });

  test("is minus infinity where the server writes -9999", async () => {
    const { engine } = await attachTo({ labels: [49, 50], impossible: [36_521] });
    const [answer] = await engine.score([PROMPT], LABELS, signal);
    expect(answer?.logProbs.get(36_521)).toBe(Number.NEGATIVE_INFINITY);
  });
});
