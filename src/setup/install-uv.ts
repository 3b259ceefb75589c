import { join } from "node:path";
import type { Python } from "../process/find-python.ts";
import { pythonOf, uvFolder } from "./home.ts";
import { PINS } from "./pins.ts";
import { ensureSpace } from "./space.ts";
import { runStep, type SetupContext } from "./step.ts";
import { buildFolder } from "./whole-folder.ts";

/** The recipe number of uv. It never changes, because the folder name contains the version of uv. */
export const UV_RECIPE = 1;
const NEEDED_BYTES = 0.2e9;
const MINUTE = 60_000;

/**
 * Installs uv with pip into its own environment, so that pip's settings alone decide from which registry uv is
 * downloaded.
 */
export async function installUv(work: SetupContext, python: Python): Promise<void> {
  const folder = uvFolder(work.home);
  await ensureSpace({ bytes: NEEDED_BYTES, folders: [work.home], purpose: "install uv" });
  await buildFolder(work, folder, UV_RECIPE, async (temporary) => {
    await runStep(work, {
      step: "uv",
      title: "make an environment for the installer",
      command: python.path,
      args: ["-m", "venv", temporary],
      limitMs: 10 * MINUTE,
    });
    await runStep(work, {
      step: "uv",
      title: "install uv",
      command: pythonOf(temporary),
      args: ["-m", "pip", "install", "--only-binary", ":all:", `uv==${PINS.uv}`],
      limitMs: 30 * MINUTE,
    });
    return { uv: PINS.uv, python: python.version };
  });
}

/** Locates the uv program. */
export function uvProgram(home: string): string {
  return join(uvFolder(home), "bin", "uv");
}
