import { countParameters, type ModelShape } from "../engine/memory.ts";
import { AbtieError } from "../errors.ts";
import type { JudgeRecipe } from "./recipe.ts";
import { PROJECTIONS } from "./recipe-schema.ts";

/** How many parameters a training trains, out of how many that the model then has. */
export interface TrainedParameters {
  readonly trained: number;
  /** As PEFT counts them: the base, the matrices, and of a classifier the head twice, because PEFT keeps the untrained one. */
  readonly all: number;
}

type Projection = (typeof PROJECTIONS)[number];

/** Inputs and outputs of each projection of a layer. */
const SIZES: Readonly<Record<Projection, (shape: ModelShape) => readonly [inputs: number, outputs: number]>> = {
  q_proj: ({ hidden, heads, headDim }) => [hidden, heads * headDim],
  k_proj: ({ hidden, kvHeads, headDim }) => [hidden, kvHeads * headDim],
  v_proj: ({ hidden, kvHeads, headDim }) => [hidden, kvHeads * headDim],
  o_proj: ({ hidden, heads, headDim }) => [heads * headDim, hidden],
  gate_proj: ({ hidden, intermediate }) => [hidden, intermediate],
  up_proj: ({ hidden, intermediate }) => [hidden, intermediate],
  down_proj: ({ hidden, intermediate }) => [intermediate, hidden],
};

/**
 * Counts the parameters that a recipe trains, from the shape of the base alone: LoRA puts r · (inputs + outputs) into each target of
 * each layer (Hu et al. 2021, arXiv 2106.09685, section 4.1), and a new classification head has one weight for each class and hidden
 * size. Biases of the base are not counted. Throws AbtieError("config") when the model has fewer layers than the recipe names.
 */
export function countTrained(
  shape: ModelShape,
  { lora, head, classes }: Pick<JudgeRecipe, "lora" | "head"> & { readonly classes: number },
): TrainedParameters {
  const targets: readonly Projection[] = lora.targets === "all-linear" ? PROJECTIONS : lora.targets;
  const ofLayer = targets.reduce((sum, name) => {
    const [inputs, outputs] = SIZES[name](shape);
    return sum + lora.r * (inputs + outputs);
  }, 0);
  const matrices = ofLayer * countLayers(lora.layers, shape.layers);
  const ownHead = head === "classifier" ? shape.hidden * classes : 0;
  const base = countParameters({ ...shape, outputs: head === "classifier" ? 0 : shape.outputs });
  return { trained: matrices + ownHead, all: base.linear + base.other + matrices + 2 * ownHead };
}

function countLayers(range: string | null, layers: number): number {
  if (range === null) return layers;
  const [first = 0, last = first] = range.split("-").map(Number);
  if (last < layers) return last - first + 1;
  throw new AbtieError(
    "config",
    `lora.layers is "${range}", and the base has ${layers} layers, 0 to ${layers - 1}: name layers that it has`,
  );
}
