import { dirname, join, resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { programPath } from "../files/input-path.ts";
import { type QuantizeRequest, quantizeModel } from "../training/quantize.ts";

export type QuantizeOptions = Omit<QuantizeRequest, "logFile">;

/**
 * Quantises a model folder into a new folder. Paths are relative to the working directory. Throws AbtieError("config") when the folder
 * exists, and like quantizeModel.
 */
export async function quantize(
  options: QuantizeOptions,
  effects: Pick<Effects, "cwd" | "clock" | "env" | "signal" | "progress">,
): Promise<{ readonly out: string; readonly facts: Readonly<Record<string, unknown>> }> {
  const path = (text: string): string => resolve(effects.cwd, text);
  const out = path(options.out);
  if (await exists(out)) throw new AbtieError("config", `${out} exists already: name a new folder with -o`);
  const python = programPath(effects.cwd, options.python);
  const logFile = join(dirname(out), "quantize.log");
  const { facts } = await quantizeModel(
    { ...options, model: path(options.model), data: path(options.data), out, python, logFile },
    effects,
  );
  return { out, facts };
}
