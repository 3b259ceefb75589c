import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { readModels } from "../../src/engine/client/served-models.ts";
import type { EngineOptions } from "../../src/engine/life/open-engine.ts";
import { type FakeKnobs, startFake } from "../fixtures/engine/fake-vllm.mjs";
import { attachTo as attachToServer } from "./attached.ts";
import { LABELS, PROMPT } from "./helpers.ts";

const signal = new AbortController().signal;

async function attachTo(knobs: FakeKnobs, model: string | null = null) {
  const fake = await startFake(knobs, "judge");
  onTestFinished(() => fake.close());
  return { fake, ...(await attachToServer({ baseUrl: fake.url, model })) };
}

describe("the model of an engine", () => {
  test("is known by its name, its weights and the name that its answers bear", async () => {
    const { engine } = await attachTo({ root: "/models/judge-1.7b" });
    expect(engine).toMatchObject({
      served: { id: "judge", root: "/models/judge-1.7b", parent: null, maxModelLen: 2048 },
      answersAs: "judge",
    });
  });

  test("that answers under another name from the start is used, and the log names it", async () => {
    const { engine, warnings } = await attachTo({ answersAs: "hosted/judge" });
    expect(engine.answersAs).toBe("hosted/judge");
    expect(warnings).toEqual([expect.stringContaining("bear the name hosted/judge")]);
    expect(await engine.score([PROMPT], LABELS, signal)).toHaveLength(1);
  });

  test("that changes while the engine is in use makes the request fail", async () => {
    const { fake, engine } = await attachTo({});
    fake.change({ answersAs: "another" });
    await expect(engine.score([PROMPT], LABELS, signal)).rejects.toMatchObject({
      name: "RequestError",
      kind: "wrong-model",
      message: expect.stringContaining('is from the model "another", where "judge" answered before'),
    });
  });
});

describe("the list of models", () => {
  const card = (id: string, fields: Record<string, unknown> = {}) => ({ id, root: id, parent: null, ...fields });
  const contexts = (data: readonly unknown[]) => readModels({ data }).map(({ maxModelLen }) => maxModelLen);

  test("gives an adapter the context length of its parent, through several parents", () => {
    const base = card("base", { max_model_len: 4_096 });
    expect(contexts([base, card("lora", { parent: "base", max_model_len: null })])).toEqual([4_096, 4_096]);
    expect(contexts([card("child", { parent: "lora" }), base, card("lora", { parent: "base" })])).toEqual([
      4_096, 4_096, 4_096,
    ]);
  });

  test("finds a parent by the name of its weights", () => {
    const base = card("served", { root: "org/base", max_model_len: 8_192 });
    expect(contexts([base, card("lora", { parent: "org/base" })])).toEqual([8_192, 8_192]);
  });

  test("of parents in a circle, or without a parent in the list, gives no context length", () => {
    expect(contexts([card("one", { parent: "two" }), card("two", { parent: "one" })])).toEqual([null, null]);
    expect(contexts([card("own", { parent: "own" }), card("lora", { parent: "gone" })])).toEqual([null, null]);
  });

  test("of any JSON gives models or a RequestError", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(fc.json()).map((all) => `{"data":[${all.join()}]}`),
        ),
        (text) => {
          try {
            for (const { id } of readModels(JSON.parse(text))) expect(typeof id).toBe("string");
          } catch (error) {
            expect(error).toMatchObject({ name: "RequestError", kind: "malformed" });
          }
        },
      ),
    );
  });

  test("lets a run use an adapter without a context length in the config", async () => {
    const adapter = {
      id: "judge-lora",
      object: "model",
      root: "/adapters/judge",
      parent: "judge",
      max_model_len: null,
    };
    const { fake } = await attachTo({ cards: [adapter] }, "judge");
    const probed: (number | null)[] = [];
    const probe: EngineOptions["probe"] = async ({ maxModelLen }) => {
      probed.push(maxModelLen);
      throw new Error("enough");
    };
    const attaching = attachToServer({ baseUrl: fake.url, model: "judge-lora" }, { probe });
    await expect(attaching).rejects.toThrow("enough");
    expect(probed).toEqual([2_048]);
  });
});
