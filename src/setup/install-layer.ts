import { join } from "node:path";
import { layerFolder } from "./home.ts";
import { uvProgram } from "./install-uv.ts";
import { type Layer, launchFile, PINS, RECIPE } from "./pins.ts";
import { runStep, type SetupContext } from "./step.ts";
import { buildFolder, isWhole } from "./whole-folder.ts";

const MINUTE = 60_000;

/** What each layer installs, the file by which it is known to be there, and what complete.json says of it. */
const LAYERS = {
  peft: {
    requirements: "merge-requirements.txt",
    file: join("peft", "__init__.py"),
    title: "install peft",
    contents: { peft: PINS.peft },
  },
  training: {
    requirements: "train-requirements.txt",
    file: join("bitsandbytes", "__init__.py"),
    title: "install bitsandbytes",
    contents: { bitsandbytes: PINS.bitsandbytes },
  },
} as const satisfies Record<Layer, unknown>;

/** Tells whether a layer is installed. */
export function hasLayer(home: string, layer: Layer): Promise<boolean> {
  return isWhole(layerFolder(home, layer), RECIPE[layer], LAYERS[layer].file);
}

/**
 * Installs packages alone into a folder that is laid over the environment of vLLM, which has torch, transformers and accelerate
 * already. Does nothing when they are installed.
 */
export async function installLayer(work: SetupContext, python: string, layer: Layer): Promise<void> {
  if (await hasLayer(work.home, layer)) return;
  const { requirements, title, contents } = LAYERS[layer];
  await buildFolder(work, layerFolder(work.home, layer), RECIPE[layer], async (temporary) => {
    const target = ["--python", python, "--target", temporary];
    await runStep(work, {
      step: layer,
      title,
      command: uvProgram(work.home),
      args: ["pip", "install", ...target, "--no-deps", "--require-hashes", "-r", launchFile(requirements)],
      limitMs: 30 * MINUTE,
    });
    return contents;
  });
}
