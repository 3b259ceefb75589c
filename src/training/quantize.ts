import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { StageOutcome } from "../chain/stage.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { parseJson } from "../files/json-lines.ts";
import { isRecord } from "../files/json-shape.ts";
import { explainFailure } from "../process/explain-failure.ts";
import { pythonEnv } from "../process/python-env.ts";
import { programRefusal } from "../process/refusal.ts";
import { runTool, type Tool } from "../process/run-tool.ts";
import { locateHome, quantizerPython } from "../setup/home.ts";
import { launchFile } from "../setup/pins.ts";
import type { JudgeRecipe } from "./recipe.ts";

export interface QuantizeRequest {
  /** Folder of a model in 16 or 32 bits. */
  readonly model: string;
  /** Folder that `abtie prepare` has made: scales are searched on some of its prompts. */
  readonly data: string;
  /** Folder to write. */
  readonly out: string;
  readonly settings: NonNullable<JudgeRecipe["quantize"]>;
  readonly logFile: string;
  /** A Python with llmcompressor; null: that of `abtie setup --train`. */
  readonly python: string | null;
}

const LIMIT_MS = 24 * 3_600_000;

/**
 * Quantises a model with launch/python/quantize_model.py. Throws AbtieError: config (the program refuses its folders), engine (it failed,
 * or there is no Python for it), and the signal's reason.
 */
export async function quantizeModel(
  request: QuantizeRequest,
  effects: Pick<Effects, "clock" | "env" | "signal" | "progress">,
): Promise<StageOutcome> {
  const { model, data, out, settings, logFile } = request;
  const { clock, signal, progress } = effects;
  const python = request.python ?? quantizerPython(locateHome(effects.env));
  if (request.python === null && !existsSync(python)) {
    throw new AbtieError(
      "engine",
      `no Python for quantising is installed (${python} is missing): run \`abtie setup --train\`, or name one with --python`,
    );
  }
  const { bits, group, examples, grid, seed } = settings;
  const numbers = { bits, group, examples, grid, seed };
  const tool: Tool = {
    title: "quantise the model",
    command: python,
    args: [
      ...[launchFile("quantize_model.py"), model, out, "--data", data],
      ...Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    limitMs: LIMIT_MS,
  };
  const result = await runTool(tool, {
    folder: dirname(out),
    env: pythonEnv(effects.env),
    logFile,
    clock,
    signal,
    onProgress: (text) => progress({ stage: "step", name: "quantize", text }),
    summarizeLine: (line) => /^\{"step": "(.*)"\}$/.exec(line)?.[1] ?? null,
  });
  if (result.ok) {
    const facts = result.tail.toReversed().map(parseJson).find(isRecord) ?? {};
    return { stopped: null, facts };
  }
  const refusal = programRefusal(result);
  if (refusal !== null) throw new AbtieError("config", `${refusal} (the output is in ${logFile})`);
  throw explainFailure(tool, result, { causes: CAUSES, next: "Run the same command again.", logFile });
}

const CAUSES = [
  {
    pattern: /No module named '(torch|transformers|llmcompressor)'/,
    text: "this Python lacks a package that quantising needs; install it with `abtie setup --train`, or name another Python with --python",
  },
];
