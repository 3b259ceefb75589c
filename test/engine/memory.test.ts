import { expect, test } from "vitest";
import { countParameters, estimateMemory, type ModelShape, readShape } from "../../src/engine/memory.ts";

const LLAMA_3_8B = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 14336,
  vocab_size: 128256,
  tie_word_embeddings: false,
};
const GEMMA_2_9B = {
  model_type: "gemma2",
  hidden_size: 3584,
  num_hidden_layers: 42,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 256,
  intermediate_size: 14336,
  vocab_size: 256000,
};
const THREE = { id2label: { 0: "A", 1: "B", 2: "tie" } };

const shapeOf = (json: object): ModelShape => readShape(JSON.stringify(json), "config.json");
const total = (json: object): number => {
  const { linear, other } = countParameters(shapeOf(json));
  return linear + other;
};

test("counts the parameters that are published or printed by PEFT", () => {
  // Meta's model card; PEFT's "all params" of S2 in Gemma-2-9B's shape less its trainable ones.
  expect(total(LLAMA_3_8B)).toBe(8_030_261_248);
  expect(total({ ...GEMMA_2_9B, ...THREE, architectures: ["Gemma2ForSequenceClassification"] })).toBe(
    9_361_461_760 - 119_745_024,
  );
});

test("a Llama-3-8B classifier fits a T4 in 8 and 4 bits and not in 16", () => {
  const shape = shapeOf({ ...LLAMA_3_8B, ...THREE, architectures: ["LlamaForSequenceClassification"] });
  const [sixteen, eight, four] = estimateMemory(shape, { gpuBytes: 15 * 1024 ** 3, promptTokens: 2400 });
  expect(sixteen).toMatchObject({ bits: 16, cacheTokens: 0, prompts: 0 });
  // 128 KiB of keys and values a token.
  expect(eight?.cacheTokens).toBe(
    Math.floor(((eight?.usable ?? 0) - (eight?.work ?? 0) - (eight?.weights ?? 0)) / 131_072),
  );
  expect(eight?.prompts).toBeGreaterThan(4);
  expect(four?.prompts ?? 0).toBeGreaterThan(eight?.prompts ?? 0);
});

test("refuses a model whose size it cannot compute", () => {
  expect(() => shapeOf({ ...LLAMA_3_8B, num_local_experts: 8 })).toThrow("mixture of experts");
  expect(() => shapeOf({ ...LLAMA_3_8B, intermediate_size: undefined })).toThrow("has no number intermediate_size");
});
