import { AbtieError } from "../errors.ts";
import { isRecord } from "../files/json-shape.ts";
import { parseConfigJson } from "./config-json.ts";

/** The numbers of a decoder's config.json that decide its size. */
export interface ModelShape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Norms of a layer: 2, in Gemma 2 and 3 four. */
  readonly norms: number;
  /** Outputs of a head of its own: the classes, or the vocabulary when the head is not tied to the embedding; else 0. */
  readonly outputs: number;
}

/** What one server on one GPU needs and can hold, estimated from the shape of the model. */
export interface MemoryEstimate {
  /** Bits of a weight in the linear layers; embedding, norms and head always have 16. */
  readonly bits: 16 | 8 | 4;
  /** Bytes of the weights. */
  readonly weights: number;
  /** Bytes that vLLM takes of the GPU, and those that its work needs besides weights and cache. */
  readonly usable: number;
  readonly work: number;
  /** Tokens whose keys and values fit into the rest, and how many prompts of full length these are. Both 0 when nothing is left. */
  readonly cacheTokens: number;
  readonly prompts: number;
}

const BITS = [16, 8, 4] as const;
/** The scales of quantised weights need a little more: one of 16 bits for each group of 64. */
const SCALE_BITS = { 16: 0, 8: 0.25, 4: 0.25 } as const;
/** vLLM's default of --gpu-memory-utilization. */
const UTILISATION = 0.9;
/** Tokens that vLLM computes in one step, its default without a GPU of the newest kind. */
const BATCHED_TOKENS = 2048;
/** CUDA context, libraries and workspaces: about this many bytes. */
const FIXED = 0.75 * 1024 ** 3;

/**
 * Reads the shape in the text of a config.json. Throws AbtieError("config") when the model has experts or another form, whose size
 * this cannot compute.
 */
export function readShape(text: string, path: string): ModelShape {
  const json = parseConfigJson(text, path);
  const experts = ["num_local_experts", "num_experts", "n_routed_experts"].find((key) => json[key] !== undefined);
  if (experts !== undefined) {
    throw new AbtieError("config", `${path} has ${experts}: the memory of a mixture of experts cannot be computed`);
  }
  const number = (key: string, fallback?: number): number => {
    const value = json[key] ?? fallback;
    if (typeof value === "number" && value > 0) return value;
    throw new AbtieError("config", `${path} has no number ${key}, without which the memory cannot be computed`);
  };
  const heads = number("num_attention_heads");
  const hidden = number("hidden_size");
  const vocabulary = number("vocab_size");
  const type = String(json["model_type"]);
  const names = Array.isArray(json["architectures"]) ? json["architectures"].map(String) : [];
  const classes = isRecord(json["id2label"]) ? Object.keys(json["id2label"]).length : 2;
  const classifies = names.some((name) => name.endsWith("ForSequenceClassification"));
  const tied = json["tie_word_embeddings"] ?? type.startsWith("gemma");
  return {
    layers: number("num_hidden_layers"),
    hidden,
    heads,
    kvHeads: number("num_key_value_heads", heads),
    headDim: number("head_dim", type.startsWith("gemma") ? 256 : hidden / heads),
    intermediate: number("intermediate_size"),
    vocabulary,
    norms: type.startsWith("gemma2") || type.startsWith("gemma3") ? 4 : 2,
    outputs: classifies ? classes : tied === true ? 0 : vocabulary,
  };
}

/** Counts the parameters: those of the linear layers, which can be quantised, and all others. */
export function countParameters(shape: ModelShape): { readonly linear: number; readonly other: number } {
  const { layers, hidden, heads, kvHeads, headDim, intermediate, vocabulary, norms, outputs } = shape;
  const attention = 2 * hidden * heads * headDim + 2 * hidden * kvHeads * headDim;
  return {
    linear: layers * (attention + 3 * hidden * intermediate),
    other: vocabulary * hidden + layers * norms * hidden + hidden + outputs * hidden,
  };
}

/**
 * Estimates what fits a GPU of `gpuBytes` for weights of 16, 8 and 4 bits, when a prompt has at most `promptTokens` tokens. An
 * estimate from arithmetic: kernels and versions differ.
 */
export function estimateMemory(
  shape: ModelShape,
  { gpuBytes, promptTokens }: { readonly gpuBytes: number; readonly promptTokens: number },
): readonly MemoryEstimate[] {
  const { layers, kvHeads, headDim, hidden, intermediate } = shape;
  const { linear, other } = countParameters(shape);
  const work = FIXED + BATCHED_TOKENS * 2 * (2 * intermediate + 4 * hidden);
  const bytesOfToken = 2 * 2 * layers * kvHeads * headDim;
  return BITS.map((bits) => {
    const weights = (linear * (bits + SCALE_BITS[bits])) / 8 + 2 * other;
    const usable = UTILISATION * gpuBytes;
    const cacheTokens = Math.max(0, Math.floor((usable - work - weights) / bytesOfToken));
    return { bits, weights, usable, work, cacheTokens, prompts: Math.floor(cacheTokens / promptTokens) };
  });
}
