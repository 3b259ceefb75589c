import { resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { locateHome } from "../setup/home.ts";
import { type Merged, type MergeOptions, mergeAdapter } from "../setup/merge-adapter.ts";

type MergeRequest = Pick<MergeOptions, "base" | "adapter" | "out" | "classes" | "padToken" | "dtype" | "python">;

/** Merges a PEFT checkpoint into its base model, into a folder that vLLM serves. Paths are relative to the working directory. */
export function merge(request: MergeRequest, effects: Effects): Promise<Merged> {
  const { env, clock, log, signal, cwd } = effects;
  const path = (text: string): string => resolve(cwd, text);
  return mergeAdapter({
    ...request,
    base: path(request.base),
    adapter: path(request.adapter),
    out: path(request.out),
    // A name without a slash is looked up in PATH.
    python: request.python?.includes("/") === true ? path(request.python) : request.python,
    home: locateHome(env),
    env,
    clock,
    log,
    signal,
    progress: ({ name, text }) => effects.progress({ stage: "step", name, text }),
  });
}
