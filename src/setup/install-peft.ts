import { join } from "node:path";
import { peftFolder } from "./home.ts";
import { uvProgram } from "./install-uv.ts";
import { launchFile, PINS, RECIPE } from "./pins.ts";
import { runStep, type SetupContext } from "./step.ts";
import { buildFolder, isWhole } from "./whole-folder.ts";

const MINUTE = 60_000;

/**
 * Installs peft alone into a folder that is laid over the environment of vLLM, which has torch, transformers and accelerate already.
 * Does nothing when it is installed.
 */
export async function installPeft(work: SetupContext, python: string): Promise<void> {
  const folder = peftFolder(work.home);
  if (await isWhole(folder, RECIPE.peft, join("peft", "__init__.py"))) return;
  await buildFolder(work, folder, RECIPE.peft, async (temporary) => {
    const target = ["--python", python, "--target", temporary];
    await runStep(work, {
      step: "peft",
      title: "install peft",
      command: uvProgram(work.home),
      args: ["pip", "install", ...target, "--no-deps", "--require-hashes", "-r", launchFile("merge-requirements.txt")],
      limitMs: 30 * MINUTE,
    });
    return { peft: PINS.peft };
  });
}
