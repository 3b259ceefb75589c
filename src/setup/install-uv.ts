import { join } from "node:path";
import type { Python } from "../process/find-python.ts";
import { mustRun } from "../process/run-tool.ts";
import { buildFolder } from "./build-folder.ts";
import { pythonOf, uvFolder } from "./home.ts";
import { PINS } from "./pins.ts";
import { ensureSpace } from "./space.ts";
import type { Work } from "./work.ts";

/** The recipe of the folder is its version, which is in its name. */
export const UV_RECIPE = 1;
const NEEDED_BYTES = 0.2e9;

/** Installs uv with pip into an environment of its own, so that pip's settings alone decide where it comes from. */
export async function installUv(work: Work, python: Python): Promise<void> {
  const folder = uvFolder(work.home);
  const run = async (title: string, command: string, args: readonly string[], limitMs: number): Promise<void> => {
    await mustRun(work, { step: "uv", title, command, args, limitMs });
  };
  await ensureSpace({ bytes: NEEDED_BYTES, folders: [work.home], purpose: "install uv" });
  await buildFolder(work, folder, UV_RECIPE, async (temporary) => {
    await run("make an environment for the installer", python.path, ["-m", "venv", temporary], 10 * MINUTE);
    const args = ["-m", "pip", "install", "--only-binary", ":all:", `uv==${PINS.uv}`];
    await run("install uv", pythonOf(temporary), args, 30 * MINUTE);
    return { uv: PINS.uv, python: python.version };
  });
}

/** Names the program. */
export function uvProgram(home: string): string {
  return join(uvFolder(home), "bin", "uv");
}

const MINUTE = 60_000;
