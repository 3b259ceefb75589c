import type { Effects } from "../effects.ts";
import { type Setup, setup, setupEffects } from "../setup/setup.ts";

/** Installs vLLM and a small model, which the demo and the shipped CPU profile need, into the user's cache folder. See setup/setup.ts. */
export function setupEngine(
  options: { readonly python?: string; readonly gpu?: "auto" | "cpu" | "cuda"; readonly train?: boolean },
  effects: Effects,
): Promise<Setup> {
  return setup({ ...options, ...setupEffects(effects) });
}
