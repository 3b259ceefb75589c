import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { parseAnswer } from "../../src/engine/client/parse-answer.ts";
import { RequestError } from "../../src/engine/client/request-error.ts";
import { allowedTokenIds } from "../../src/engine/dialects/allowed-token-ids.ts";
import type { Dialect, Question } from "../../src/engine/dialects/dialect.ts";
import { llamacpp } from "../../src/engine/dialects/llamacpp.ts";
import { logprobTokenIds } from "../../src/engine/dialects/logprob-token-ids.ts";
import { sglangGenerate } from "../../src/engine/dialects/sglang-generate.ts";
import { topLogprobs } from "../../src/engine/dialects/top-logprobs.ts";
import { clientOf, until } from "./helpers.ts";

const MILLION = "[".repeat(1_000_000);

/** Starts the attacker, a process of its own, for the tests of this file. */
const attacker = spawn(process.execPath, [fileURLToPath(new URL("../fixtures/engine/attacker.mjs", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const [line] = (await once(attacker.stdout, "data")) as [Buffer];
const { url, attacks } = JSON.parse(String(line)) as { readonly url: string; readonly attacks: readonly string[] };
afterAll(() => void attacker.kill());

describe("an answer of the kind", () => {
  test.each(attacks.filter((name) => name !== "unfinished"))(
    "%s is a RequestError, in little memory and without holding the thread",
    async (name) => {
      const client = clientOf(`${url}/${name}`, { timeoutMs: 60_000 });
      const question = { model: "m", prompts: [[1, 2]], ids: [5, 6], cacheSalt: null };
      const score = async () => logprobTokenIds.read([await client.post("/v1/completions", {}, 1)], question);
      const before = process.memoryUsage().rss;
      const watch = watchThread();
      await expect(score()).rejects.toBeInstanceOf(RequestError);
      await expect(client.models()).rejects.toBeInstanceOf(RequestError);
      const { longestMs } = watch.stop();
      expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
      // JSON.parse of 40 MB of brackets would hold the thread for 40 s.
      expect(longestMs).toBeLessThan(5_000);
    },
    120_000,
  );

  test("unfinished is bounded over all requests at once", async () => {
    const client = clientOf(`${url}/unfinished`, { timeoutMs: 60_000 });
    const stop = new AbortController();
    const refused: unknown[] = [];
    const asked = Array.from({ length: 100 }, () =>
      client.post("/v1/completions", {}, 1, { signal: stop.signal }).catch((error: unknown) => {
        if (!stop.signal.aborted) refused.push(error);
      }),
    );
    // 64 MB of the 100 MB that are on their way have room.
    await until(() => refused.length >= 36);
    stop.abort();
    await Promise.all(asked);
    expect(refused.length).toBeGreaterThanOrEqual(36);
    expect(refused[0]).toMatchObject({ name: "RequestError", kind: "malformed" });
  });
});

describe("JSON is parsed", () => {
  test("like JSON.parse does, wherever its depth and number of values are within the limits", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(parseAnswer(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("with brackets and quotation marks in strings left out of the depth", () => {
    const text = JSON.stringify({ a: `${MILLION}"\\"[[`, b: ["]"] });
    expect(parseAnswer(text)).toEqual(JSON.parse(text));
  });

  test("to 64 levels and no further", () => {
    expect(parseAnswer(`${"[".repeat(64)}${"]".repeat(64)}`)).toBeInstanceOf(Array);
    expect(() => parseAnswer(`${"[".repeat(65)}${"]".repeat(65)}`)).toThrow("nested more than 64 levels deep");
  });

  test("or refused as malformed, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'[]{},:"\\0a') })), (text) => {
        try {
          parseAnswer(text);
        } catch (error) {
          expect(error).toMatchObject({ name: "RequestError", kind: "malformed" });
        }
      }),
    );
  });
});

describe("an answer with wrong types anywhere", () => {
  const question: Question = { model: "m", prompts: [[1, 2], [3]], ids: [5, 6, 7], cacheSalt: null };
  const top = { "token_id:5": -1, "token_id:6": -2, "token_id:7": -3 };
  const listed = [5, 6, 7].map((id) => ({ id, token: String(id), logprob: -id }));
  const probs = [5, 6, 7].map((id) => ({ id, token: String(id), prob: 0.25 }));
  const choicesOf = (logprobs: unknown) => ({
    model: "m",
    choices: [0, 1].map((index) => ({ index, text: "x", logprobs })),
    usage: { prompt_tokens: 3 },
  });
  const part = (tokens: number) => ({
    text: "x",
    meta_info: {
      prompt_tokens: tokens,
      finish_reason: { type: "length", length: 1 },
      output_token_ids_logprobs: [[5, 6, 7].map((id) => [-id, id, null])],
    },
  });
  const completion = choicesOf({ tokens: ["x"], token_logprobs: [-1], top_logprobs: [top] });
  const chat = choicesOf({ content: [{ id: 5, token: "5", logprob: -5, top_logprobs: listed }] });
  const CASES: readonly (readonly [string, Dialect, readonly unknown[]])[] = [
    ["logprob_token_ids", logprobTokenIds, [completion]],
    [
      "allowed_token_ids",
      allowedTokenIds,
      [choicesOf({ top_logprobs: [Object.fromEntries([5, 6, 7].map((id) => [`token_id:${id}`, Math.log(1 / 3)]))] })],
    ],
    ["top_logprobs", topLogprobs({ count: 3, idsAsked: true, textOf: undefined }), [completion]],
    ["top_logprobs in the shape of a chat", topLogprobs({ count: 3, idsAsked: true, textOf: undefined }), [chat]],
    ["sglang_generate", sglangGenerate, [[part(2), part(1)]]],
    ["llamacpp", llamacpp, [choicesOf({ content: [{ id: 5, token: "5", prob: 0.25, top_probs: probs }] }), chat]],
  ];

  test.each(CASES)("of %s gives a RequestError or true numbers", (_name, dialect, good) => {
    expect(dialect.read(good, question)).toHaveLength(2);
    const places = placesOf(good);
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, Number.NaN)),
        (place, value) => {
          const answers = changed(good, place, value) as readonly unknown[];
          try {
            for (const { logProbs, bound } of dialect.read(Array.isArray(answers) ? answers : [answers], question)) {
              for (const [id, logProb] of logProbs) {
                expect(question.ids).toContain(id);
                expect(logProb).toBeLessThanOrEqual(0);
              }
              expect(bound ?? 0).not.toBeNaN();
            }
          } catch (error) {
            expect(error).toBeInstanceOf(RequestError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

type Place = readonly (string | number)[];

/** The places in a value: the value itself, and every part of it. */
function placesOf(value: unknown, from: Place = []): readonly Place[] {
  if (typeof value !== "object" || value === null) return [from];
  return [from, ...Object.entries(value).flatMap(([key, part]) => placesOf(part, [...from, key]))];
}

/** A copy of the value with another value at one place. */
function changed(value: unknown, [key, ...rest]: Place, to: unknown): unknown {
  if (key === undefined) return to;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...(value as object) };
  copy[key] = changed(copy[key], rest, to);
  return copy;
}

/** Measures for how long the thread was held at most. */
function watchThread(): { readonly stop: () => { readonly longestMs: number } } {
  let last = performance.now();
  let longestMs = 0;
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return { longestMs };
    },
  };
}
