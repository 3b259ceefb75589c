import { countParameters, type ModelShape } from "../engine/memory.ts";
import { countTrained } from "./parameters.ts";
import type { JudgeRecipe } from "./recipe.ts";

/** Bytes that a training needs on one device, by their use, and their sum. */
export interface TrainingMemory {
  /** Weights of the base. */
  readonly base: number;
  /** The trained parameters in 32 bits with their gradients and the states of the optimiser. */
  readonly trained: number;
  /** What is kept of each layer for the backward pass. */
  readonly kept: number;
  /** What one layer needs while it is computed: attention scores, the inner layer, weights unpacked to 16 bits. */
  readonly layer: number;
  /** For the head answer: the scores of the whole vocabulary at every token of the answers, taken to be all tokens. */
  readonly scores: number;
  /** Libraries and workspaces. */
  readonly fixed: number;
  readonly total: number;
}

/** Bits of the scales of a weight: one of 8 bits for 64 weights, and one of 32 for 256 of these (double); else one of 32 for 64. */
const SCALE_BITS = { double: 8 / 64 + 32 / (64 * 256), single: 32 / 64 } as const;
/** Bytes of the optimiser's states of a parameter. */
const STATES = { adamw_torch: 8, adamw_8bit: 2, paged_adamw_32bit: 8 } as const;
const FIXED = 0.75 * 1024 ** 3;
/** Tensors of the inner layer that exist at once in its backward pass: both projections, the activation, their product, a gradient. */
const INNER_TENSORS = 5;
/** Copies of the attention scores that exist at once: scores, probabilities in 32 bits, and the gradients of both. */
const SCORE_COPIES = 4;
/** Copies of the scores of the vocabulary that exist at once: as computed, in 32 bits, their log probabilities, and the gradient. */
const VOCABULARY_COPIES = 4;
/** Tensors of hidden size that a layer without checkpointing keeps, besides the inner ones. */
const HIDDEN_TENSORS = 12;

/**
 * Estimates the memory of a training from the shape of the base, for prompts of `tokens` tokens in every place of a batch: an estimate
 * from arithmetic, without what a library keeps for itself. On the shape of Gemma-2-9B with the recipe s1 it gives 9.4 GiB where 9.8
 * were measured (4 prompts of 1,024 tokens).
 */
export function estimateTraining(
  shape: ModelShape,
  recipe: Pick<JudgeRecipe, "lora" | "head" | "load" | "training">,
  { tokens, classes }: { readonly tokens: number; readonly classes: number },
): TrainingMemory {
  const { load, training } = recipe;
  const { linear, other } = countParameters(shape);
  const prompts = training.batch * tokens;
  const wide = load.compute === "float32" || load.bits === 32 ? 4 : 2;
  const weightBits = load.bits === 4 ? 4 + SCALE_BITS[load.double ? "double" : "single"] : load.bits;
  const base = (linear * weightBits) / 8 + other * (load.bits === 32 ? 4 : 2);
  const { trained: parameters } = countTrained(shape, { ...recipe, classes });
  const trained = parameters * (4 + 4 + STATES[training.optimizer]);
  const inner = prompts * shape.intermediate * wide * INNER_TENSORS;
  const attention = load.attention === "eager" ? training.batch * shape.heads * tokens ** 2 * 4 * SCORE_COPIES : 0;
  const unpacked = load.bits < 16 ? (linear / shape.layers) * wide : 0;
  const layer = inner + attention + unpacked;
  const scores = recipe.head === "answer" ? prompts * shape.vocabulary * 4 * VOCABULARY_COPIES : 0;
  const ofLayer = prompts * shape.hidden * wide;
  const keptOfLayer = load.checkpointing ? ofLayer : HIDDEN_TENSORS * ofLayer + inner + attention;
  const kept = shape.layers * keptOfLayer;
  const total = base + trained + kept + layer + scores + FIXED;
  return { base, trained, kept, layer, scores, fixed: FIXED, total };
}
