/** What setup installs. The versions of everything below them are in launch/*-constraints.txt. */
export const PINS = {
  uv: "0.13.9",
  vllm: "0.32.0",
  torch: "2.13.0",
  model: "SmolLM2-135M-Instruct",
  /** Python versions that this vLLM has wheels for, the one that is asked for first being whatever `python3` is. */
  pythons: ["3.11", "3.12", "3.13"],
} as const;

/**
 * Numbers of the ways in which things are made: raised whenever a file of launch/ that goes into them changes, so that an
 * installation made in another way is not taken for this one. A test holds each number against the files.
 */
export const RECIPE = { cpu: 1, cuda: 1, model: 1 } as const;

/** Which build of vLLM: for the processor, or for NVIDIA GPUs. */
export type Flavour = "cpu" | "cuda";
