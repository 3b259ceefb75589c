import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { AbtieError } from "../errors.ts";
import { withLock } from "../files/lock.ts";
import { explainFailure } from "../process/explain-failure.ts";
import { pythonEnv } from "../process/python-env.ts";
import { programRefusal } from "../process/refusal.ts";
import { runTool } from "../process/run-tool.ts";
import { enginePython, layerFolder, pythonOf, uvFolder } from "./home.ts";
import { installLayer } from "./install-layer.ts";
import { launchFile } from "./pins.ts";
import { readPipSettings } from "./pip-settings.ts";
import type { SetupOptions } from "./setup.ts";
import type { SetupContext } from "./step.ts";

/** The folders of a merge, and what its result is called. */
export interface MergeOptions extends Omit<SetupOptions, "gpu" | "python"> {
  /** Folder of the base model in 16 or 32 bits. */
  readonly base: string;
  /** Folder of the PEFT checkpoint. */
  readonly adapter: string;
  /** Folder to write; it must not exist. */
  readonly out: string;
  /** Names of the classes in the order of training; null: those of the base, or LABEL_0 and so on. */
  readonly classes: readonly string[] | null;
  /** Id of the padding token; null: that of the tokenizer or of the base. */
  readonly padToken: number | null;
  readonly dtype: "auto" | "float32" | "float16" | "bfloat16";
  /** A Python with torch, transformers and peft; null: that of `abtie setup`, to which peft is added. */
  readonly python: string | null;
}

const mergedSchema = z.object({
  out: z.string(),
  classes: z.array(z.string()).nullable(),
  pad_token: z.number().nullable(),
  parameters: z.number(),
  largest_difference: z.number(),
});

/** The folder that was written. */
export interface Merged {
  readonly out: string;
  /** The classes by number; null for a model that generates text. */
  readonly classes: readonly string[] | null;
  readonly padToken: number | null;
  readonly parameters: number;
  /** Largest difference between the logits of the merged and the unmerged model on a sample text. */
  readonly largestDifference: number;
}

const LIMIT_MS = 6 * 3_600_000;

/**
 * Merges a PEFT checkpoint into its base model. Installs peft into the folder of setup when no Python is given. Throws
 * AbtieError("config") when the folders cannot be merged, AbtieError("engine") when the Python cannot do it, and the signal's reason
 * when it aborts.
 */
export async function mergeAdapter(options: MergeOptions): Promise<Merged> {
  const { home, clock, progress, signal } = options;
  refuseOut(options.out);
  const python = options.python ?? enginePython(home);
  const stamp = new Date(clock.now()).toISOString().replace(/[:.]/g, "-");
  const logFile = join(home, "logs", `merge-${stamp}.log`);
  const env = pythonEnv(options.env);
  if (options.python === null) await ensurePeft(python, options);
  const { base, adapter, out, classes, padToken, dtype } = options;
  const tool = {
    title: "merge the adapter",
    command: python,
    args: [
      ...[launchFile("merge_adapter.py"), base, adapter, out, "--dtype", dtype],
      ...(classes === null ? [] : ["--classes", classes.join(",")]),
      ...(padToken === null ? [] : ["--pad-token", String(padToken)]),
    ],
    env: options.python === null ? { PYTHONPATH: layerFolder(home, "peft") } : {},
    limitMs: LIMIT_MS,
  };
  const result = await runTool(tool, {
    folder: dirname(out),
    env,
    logFile,
    clock,
    signal,
    onProgress: (text) => progress({ name: "merge", text }),
    summarizeLine: stepOf,
  });
  if (result.ok) return readMerged(result.tail);
  const refusal = programRefusal(result);
  if (refusal !== null) throw new AbtieError("config", refusal);
  throw explainFailure(tool, result, { causes: CAUSES, next: "Then merge again.", logFile });
}

const CAUSES = [
  {
    pattern: /No module named '(torch|transformers|peft|safetensors)'/,
    text: "this Python lacks a package that it needs (torch, transformers, safetensors, peft); leave --python out to use that of `abtie setup`",
  },
];

function refuseOut(out: string): void {
  if (existsSync(out)) throw new AbtieError("config", `${out} exists already: name a new folder with -o`);
  if (existsSync(dirname(out))) return;
  throw new AbtieError("config", `${dirname(out)} does not exist: make it, or name a folder in another one with -o`);
}

/**
 * Installs peft beside the environment of `abtie setup`, unless it is there. Throws AbtieError("engine") when no engine is installed or
 * the installation fails.
 */
export async function ensurePeft(
  python: string,
  { home, env, clock, signal, progress }: Omit<SetupOptions, "gpu" | "python">,
): Promise<void> {
  const uv = pythonOf(uvFolder(home));
  if (!existsSync(python) || !existsSync(uv)) {
    throw new AbtieError(
      "engine",
      `no Python with torch and transformers is installed in ${home}: run \`abtie setup\`, or name one with --python`,
    );
  }
  const stamp = new Date(clock.now()).toISOString().replace(/[:.]/g, "-");
  const logFile = join(home, "logs", `peft-${stamp}.log`);
  const waiting = { purpose: "abtie merge", clock, signal, wait: { onWait: () => {} } };
  await withLock(join(home, "setup.lock"), waiting, async (lost) => {
    const ending = AbortSignal.any([signal, lost]);
    const pip = await readPipSettings(uv, pythonEnv(env), ending);
    const work: SetupContext = { home, clock, progress, signal: ending, logFile, env: { ...pythonEnv(env), ...pip } };
    await installLayer(work, python, "peft");
  });
}

/** Shows the steps that the program names; its other lines are those of libraries. */
function stepOf(line: string): string | null {
  return /^\{"step": "(.*)"\}$/.exec(line)?.[1] ?? null;
}

function readMerged(tail: readonly string[]): Merged {
  const line = tail.findLast((text) => text.startsWith('{"out"'));
  if (line === undefined) throw new Error("merge_adapter.py ended well without its last line");
  const { pad_token, largest_difference, ...rest } = mergedSchema.parse(JSON.parse(line));
  return { ...rest, padToken: pad_token, largestDifference: largest_difference };
}
