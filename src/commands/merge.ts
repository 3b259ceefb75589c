import { resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { programPath } from "../files/input-path.ts";
import { type Merged, type MergeOptions, mergeAdapter } from "../setup/merge-adapter.ts";
import { setupEffects } from "../setup/setup.ts";
import { readTrainedRun } from "../training/trained-run.ts";

export interface MergeRequest extends Pick<MergeOptions, "out" | "classes" | "padToken" | "dtype" | "python"> {
  /** Folder of `abtie train` or `abtie make`, which knows base, adapter, classes and padding token; null: they are given. */
  readonly run: string | null;
  readonly base: string | null;
  readonly adapter: string | null;
}

/**
 * Merges a PEFT checkpoint, or what a training has made, into its base model, into a folder that vLLM serves. Paths are relative to the
 * working directory. What is given beside a run goes before what the run says.
 */
export async function merge(request: MergeRequest, effects: Effects): Promise<Merged> {
  const path = (text: string): string => resolve(effects.cwd, text);
  const { run, dtype } = request;
  const trained = run === null ? null : await readTrainedRun(path(run));
  const base = request.base === null ? trained?.base : path(request.base);
  const adapter = request.adapter === null ? trained?.adapter : path(request.adapter);
  if (base === undefined || adapter === undefined) {
    throw new AbtieError(
      "config",
      "name the folder of a training (abtie merge RUN), or the base with --base and the checkpoint with --adapter",
    );
  }
  return mergeAdapter({
    base,
    adapter,
    dtype,
    classes: request.classes ?? trained?.classes ?? null,
    padToken: request.padToken ?? trained?.padToken ?? null,
    out: path(request.out),
    python: programPath(effects.cwd, request.python),
    ...setupEffects(effects),
  });
}
