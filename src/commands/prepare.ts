import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { inputPath } from "../files/input-path.ts";
import type { FoldsBy } from "../training/folds.ts";
import { type PreparedData, type PrepareEffects, prepareData } from "../training/prepare.ts";

export interface PrepareOptions {
  /** Folder to make. */
  readonly out: string;
  /** How rows are divided into folds; default prompt. */
  readonly foldsBy?: FoldsBy;
  /** Number of folds; default 5. */
  readonly folds?: number;
  /** The fold that is not trained on; default 0. */
  readonly heldOut?: number;
  /** Further files, whose rows are appended unless an earlier file has their prompt. */
  readonly extra?: readonly string[];
  /** Folder of a run whose probabilities are learned instead of the labels. */
  readonly teacher?: string | null;
}

/**
 * Turns the rows of a config into examples for a training program, in a new folder: the prompts that `run` sends, as token ids, and
 * what the model shall answer. Both orders of a row become examples unless the config says `orders: one`. Throws AbtieError: config,
 * data.
 */
export async function prepare(
  config: Config,
  options: PrepareOptions,
  effects: PrepareEffects & { readonly cwd: string },
): Promise<PreparedData> {
  const { foldsBy = "prompt", folds = 5, heldOut = 0, extra = [], teacher = null } = options;
  const { cwd } = effects;
  const count = foldsBy === "none" ? 1 : folds;
  if (foldsBy !== "none" && heldOut >= count) {
    throw new AbtieError(
      "config",
      `fold ${heldOut} is to be held out, and the folds are 0 to ${count - 1}: name one of them`,
    );
  }
  return prepareData(
    {
      config,
      orders: config.orders === "one" ? "one" : "both",
      folds: { by: foldsBy, count },
      heldOut: foldsBy === "none" ? null : heldOut,
      extra: extra.map((file) => inputPath(cwd, file)),
      teacher: teacher === null ? null : resolve(cwd, teacher),
      out: resolve(cwd, options.out),
    },
    effects,
  );
}
