import type { Effects } from "../effects.ts";
import { locateHome } from "../setup/home.ts";
import { type Setup, setup } from "../setup/setup.ts";

/** Installs vLLM and a small model, which the demo and the shipped CPU profile need, into the user's cache folder. See setup/setup.ts. */
export function setupEngine(
  options: { readonly python?: string; readonly gpu?: "auto" | "cpu" | "cuda" },
  effects: Effects,
): Promise<Setup> {
  const { env, clock, log, signal } = effects;
  return setup({
    ...options,
    home: locateHome(env),
    env,
    clock,
    log,
    signal,
    progress: ({ name, text }) => effects.progress({ stage: "step", name, text }),
  });
}
