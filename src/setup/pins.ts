import { fileURLToPath } from "node:url";

/** The versions that setup installs. The versions of their dependencies are in launch/python/*-constraints.txt. */
export const PINS = {
  uv: "0.13.9",
  vllm: "0.32.0",
  torch: "2.13.0",
  model: "SmolLM2-135M-Instruct",
  /** Versions of Python for which this vLLM has wheels, ascending. */
  pythons: ["3.11", "3.12", "3.13"],
} as const;

/**
 * The number of each recipe, by which an installation is made. It is raised when a file of launch/python that the installation depends on
 * changes, so that an installation made by an older recipe is replaced. A test compares each number with the files.
 */
export const RECIPE = { cpu: 1, cuda: 1, model: 1 } as const;

/** The build of vLLM: for the processor, or for NVIDIA GPUs. */
export type Flavour = "cpu" | "cuda";

/** Locates a file of launch/python, in a checkout and in the installed package: src/setup and dist/setup are equally deep. */
export function launchFile(name: string): string {
  return fileURLToPath(new URL(`../../launch/python/${name}`, import.meta.url));
}
