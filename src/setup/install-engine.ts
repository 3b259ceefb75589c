import { z } from "zod";
import { AbtieError } from "../errors.ts";
import type { Python } from "../process/find-python.ts";
import { mustRun, tryRun } from "../process/run-tool.ts";
import type { Tool } from "../process/tool.ts";
import { buildFolder } from "./build-folder.ts";
import { engineFolder, pythonOf } from "./home.ts";
import { uvProgram } from "./install-uv.ts";
import { launchFile } from "./launch-file.ts";
import { type Flavour, PINS, RECIPE } from "./pins.ts";
import { ensureSpace } from "./space.ts";
import type { Work } from "./work.ts";

const MINUTE = 60_000;
/** Measured: 6.0 GB for the CPU build beside 2.7 GB of NVIDIA libraries that torch brings along, bytecode 0.4 GB; the rest is margin. */
const NEEDED_BYTES: Readonly<Record<Flavour, number>> = { cpu: 8e9, cuda: 14e9 };
const NEEDED_BYTES_CPU_TORCH = 4e9;

/** Installs vLLM into a virtual environment of its own and imports it once. Throws AbtieError("engine") when a step fails. */
export async function installEngine(work: Work, python: Python, flavour: Flavour): Promise<void> {
  const uv = uvProgram(work.home);
  const run = (tool: Omit<Tool, "step" | "command">): Promise<readonly string[]> =>
    mustRun(work, { step: "vllm", command: uv, ...tool });
  const cache = (await run({ title: "find uv's cache", args: ["cache", "dir"], limitMs: MINUTE })).at(-1) ?? work.home;
  await buildFolder(work, engineFolder(work.home, flavour), RECIPE[flavour], async (temporary) => {
    // Relocatable, because the environment is renamed when it is whole.
    const venv = ["venv", "--relocatable", "--python", python.path, "--allow-existing", temporary];
    await run({ title: "make an environment for vLLM", args: venv, limitMs: 10 * MINUTE });
    const target = ["--python", pythonOf(temporary)];
    const backend = await chooseBackend(work, uv, target, flavour);
    const bytes = backend === "cpu" ? NEEDED_BYTES_CPU_TORCH : NEEDED_BYTES[flavour];
    await ensureSpace({ bytes, folders: [work.home, cache], purpose: "install vLLM" });
    const args = ["pip", "install", ...target, ...packages(flavour), ...(backend ? ["--torch-backend", backend] : [])];
    await run({ title: "install vLLM", args, limitMs: 180 * MINUTE });
    if (flavour === "cpu") await nameVllm(work, temporary);
    return { flavour, ...(await checkEngine(work, pythonOf(temporary), flavour)) };
  });
}

function packages(flavour: Flavour): readonly string[] {
  const files = ["-r", launchFile(`${flavour}-requirements.txt`), "-c", launchFile(`${flavour}-constraints.txt`)];
  const overrides = flavour === "cpu" ? ["--overrides", launchFile("cpu-overrides.txt")] : [];
  // Compiling 21,000 files here takes 20 s once; otherwise the first start of the server pays for it.
  return [...files, ...overrides, "--compile-bytecode"];
}

/**
 * Chooses PyTorch's own index where it is reachable: its CPU build has no NVIDIA libraries, and of its CUDA builds uv takes the one for
 * the driver. Null: the build of the ordinary registry. Finding out costs 0.1 s where the name of the index is unknown.
 */
async function chooseBackend(
  work: Work,
  uv: string,
  target: readonly string[],
  flavour: Flavour,
): Promise<"cpu" | "auto" | null> {
  const [backend, torch] =
    flavour === "cpu" ? (["cpu", `torch==${PINS.torch}+cpu`] as const) : (["auto", "torch"] as const);
  const args = ["pip", "install", ...target, "--dry-run", "--no-deps", "--torch-backend", backend, torch];
  const env = { UV_HTTP_RETRIES: "0", UV_HTTP_TIMEOUT: "5", UV_HTTP_CONNECT_TIMEOUT: "5" };
  const title = "look for PyTorch's own builds";
  const { ok } = await tryRun(work, { step: "vllm", title, command: uv, args, env, limitMs: 15_000 });
  return ok ? backend : null;
}

async function nameVllm(work: Work, folder: string): Promise<void> {
  await mustRun(work, {
    step: "vllm",
    title: "name the CPU build",
    command: pythonOf(folder),
    args: [launchFile("name_vllm.py")],
    limitMs: MINUTE,
  });
}

const foundSchema = z.object({ vllm: z.string(), torch: z.string(), python: z.string() });

/** Imports vLLM and returns the versions that it runs with. */
async function checkEngine(work: Work, python: string, flavour: Flavour): Promise<z.output<typeof foundSchema>> {
  const title = "import vLLM";
  const args = [launchFile("check_engine.py"), flavour];
  const tail = await mustRun(work, { step: "check", title, command: python, args, limitMs: 15 * MINUTE });
  try {
    return foundSchema.parse(JSON.parse(tail.findLast((line) => line.startsWith("{")) ?? ""));
  } catch (cause) {
    throw new AbtieError(
      "engine",
      `cannot ${title}: its check gave no versions; the full output is in ${work.logFile}.`,
      {
        cause,
        details: tail,
      },
    );
  }
}
