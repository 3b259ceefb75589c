import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AbtieError } from "../errors.ts";
import { pythonOf, quantizerFolder } from "./home.ts";
import { uvProgram } from "./install-uv.ts";
import { launchFile, PINS, RECIPE } from "./pins.ts";
import { ensureSpace } from "./space.ts";
import { runStep, type SetupContext } from "./step.ts";
import { buildFolder, isWhole } from "./whole-folder.ts";

const MINUTE = 60_000;
/** Free space (bytes): the installed packages take 0.3 GB, and as much in uv's cache. */
const NEEDED_BYTES = 0.8e9;

/** Tells whether the environment for quantising is installed. */
export function hasQuantizer(home: string, engine: string): Promise<boolean> {
  return isWhole(quantizerFolder(home, engine), RECIPE.quantizer, join("bin", "python"));
}

/**
 * Installs what quantises models into an environment of its own, because it needs another version of transformers than vLLM. torch
 * and the other packages are those of vLLM, whose folder stands after its own. Does nothing when it is installed. `engine` is the
 * folder of vLLM.
 */
export async function installQuantizer(work: SetupContext, engine: string): Promise<void> {
  const folder = quantizerFolder(work.home, engine);
  if (await hasQuantizer(work.home, engine)) return;
  await ensureSpace({ bytes: NEEDED_BYTES, folders: [work.home], purpose: "install what quantises models" });
  const uv = uvProgram(work.home);
  await buildFolder(work, folder, RECIPE.quantizer, async (temporary) => {
    const python = pythonOf(temporary);
    await runStep(work, {
      step: "quantizer",
      title: "make an environment for quantising",
      command: uv,
      args: ["venv", "--relocatable", "--python", pythonOf(engine), "--allow-existing", temporary],
      limitMs: 10 * MINUTE,
    });
    // Python reads such a file at its start: the folder that it names stands after the environment's own packages.
    const engines = await packagesOf(work, pythonOf(engine));
    await writeFile(join(await packagesOf(work, python), "vllm.pth"), `${engines}\n`);
    await runStep(work, {
      step: "quantizer",
      title: "install llmcompressor",
      command: uv,
      args: [
        ...["pip", "install", "--python", python, "--no-deps", "--require-hashes"],
        ...["-r", launchFile("quantize-requirements.txt"), "--compile-bytecode"],
      ],
      limitMs: 60 * MINUTE,
    });
    return { llmcompressor: PINS.llmcompressor };
  });
}

/** Asks a Python for the folder of its packages. */
async function packagesOf(work: SetupContext, python: string): Promise<string> {
  const tail = await runStep(work, {
    step: "quantizer",
    title: "find the packages of vLLM",
    command: python,
    args: ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
    limitMs: MINUTE,
  });
  const folder = tail.findLast((line) => line.startsWith("/"));
  if (folder !== undefined) return folder.trimEnd();
  throw new AbtieError("engine", `${python} names no folder of its packages; the full output is in ${work.logFile}`);
}
