import { resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { type Merged, type MergeOptions, mergeAdapter } from "../setup/merge-adapter.ts";
import { setupEffects } from "../setup/setup.ts";

type MergeRequest = Pick<MergeOptions, "base" | "adapter" | "out" | "classes" | "padToken" | "dtype" | "python">;

/** Merges a PEFT checkpoint into its base model, into a folder that vLLM serves. Paths are relative to the working directory. */
export function merge(request: MergeRequest, effects: Effects): Promise<Merged> {
  const path = (text: string): string => resolve(effects.cwd, text);
  return mergeAdapter({
    ...request,
    base: path(request.base),
    adapter: path(request.adapter),
    out: path(request.out),
    // A name without a slash is looked up in PATH.
    python: request.python?.includes("/") === true ? path(request.python) : request.python,
    ...setupEffects(effects),
  });
}
