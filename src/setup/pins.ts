import { fileURLToPath } from "node:url";

/** The versions that setup installs. launch/python/*-constraints.txt contain the versions of their dependencies. */
export const PINS = {
  uv: "0.13.9",
  vllm: "0.32.0",
  torch: "2.13.0",
  model: "SmolLM2-135M-Instruct",
  /** Merges adapters; see launch/python/merge-requirements.txt. */
  peft: "0.21.2",
  /** Trains over a base in 4 or 8 bits; see launch/python/train-requirements.txt. */
  bitsandbytes: "0.50.2",
  /** Quantises models; see launch/python/quantize-requirements.txt. */
  llmcompressor: "0.14.0.1",
  /** Versions of Python for which this version of vLLM has wheels, ascending. */
  pythons: ["3.11", "3.12", "3.13"],
} as const;

/**
 * The number of each recipe, which is the way in which a part is installed. Raise the number when a file of
 * launch/python that the installation depends on changes: an installation by an older recipe is then replaced. A test
 * compares each number with the files.
 */
export const RECIPE = { cpu: 1, cuda: 1, model: 1, peft: 1, training: 1, quantizer: 1 } as const;

/** Packages that are laid over the environment of vLLM: those that merge, and those that training needs besides. */
export type Layer = "peft" | "training";

/** The build of vLLM: for the CPU, or for NVIDIA GPUs. */
export type Flavour = "cpu" | "cuda";

/**
 * Locates a file of launch/python. The relative path is the same in a checkout and in the installed package, because
 * src/setup and dist/setup are equally deep.
 */
export function launchFile(name: string): string {
  return fileURLToPath(new URL(`../../launch/python/${name}`, import.meta.url));
}
