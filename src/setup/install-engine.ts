import { execa } from "execa";
import { z } from "zod";
import { AbtieError } from "../errors.ts";
import type { Python } from "../process/find-python.ts";
import { engineFolder, pythonOf } from "./home.ts";
import { uvProgram } from "./install-uv.ts";
import { type Flavour, launchFile, PINS, RECIPE } from "./pins.ts";
import { ensureSpace } from "./space.ts";
import { runStep, type SetupContext, type StepTool, tryStep } from "./step.ts";
import { buildFolder } from "./whole-folder.ts";

const MINUTE = 60_000;
/**
 * Free space (bytes) that an installation needs, with a margin. Measured: 6.0 GB for the CPU build, 2.7 GB for the
 * NVIDIA libraries that PyPI's torch installs, 0.4 GB for bytecode.
 */
const NEEDED_BYTES: Readonly<Record<Flavour, number>> = { cpu: 8e9, cuda: 14e9 };
const NEEDED_BYTES_CPU_TORCH = 4e9;
const GPU_LIST_MS = 20_000;

/** Chooses the build of vLLM: the requested one, else CUDA if nvidia-smi lists a GPU, else CPU. */
export async function chooseFlavour({
  gpu = "auto",
  env,
  signal,
}: {
  readonly gpu?: "auto" | Flavour;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}): Promise<Flavour> {
  if (gpu !== "auto") return gpu;
  const options = { env, extendEnv: false, reject: false, timeout: GPU_LIST_MS, cancelSignal: signal } as const;
  const result = await execa("nvidia-smi", ["-L"], options);
  signal.throwIfAborted();
  return !result.failed && /^GPU \d+:/m.test(result.stdout) ? "cuda" : "cpu";
}

/**
 * Installs vLLM into its own virtual environment, and then imports vLLM to check the installation. Throws
 * AbtieError("engine") when a step fails.
 */
export async function installEngine(work: SetupContext, python: Python, flavour: Flavour): Promise<void> {
  const uv = uvProgram(work.home);
  const runUv = (tool: Omit<StepTool, "step" | "command">): Promise<readonly string[]> =>
    runStep(work, { step: "vllm", command: uv, ...tool });
  const dirOutput = await runUv({ title: "find uv's cache", args: ["cache", "dir"], limitMs: MINUTE });
  const cache = dirOutput.at(-1) ?? work.home;
  await buildFolder(work, engineFolder(work.home, flavour), RECIPE[flavour], async (temporary) => {
    // The environment must be relocatable, because its folder is renamed when it is complete.
    const venv = ["venv", "--relocatable", "--python", python.path, "--allow-existing", temporary];
    await runUv({ title: "make an environment for vLLM", args: venv, limitMs: 10 * MINUTE });
    const target = ["--python", pythonOf(temporary)];
    const backend = await chooseBackend(work, uv, target, flavour);
    const bytes = backend === "cpu" ? NEEDED_BYTES_CPU_TORCH : NEEDED_BYTES[flavour];
    await ensureSpace({ bytes, folders: [work.home, cache], purpose: "install vLLM" });
    const args = ["pip", "install", ...target, ...packages(flavour), ...(backend ? ["--torch-backend", backend] : [])];
    await runUv({ title: "install vLLM", args, limitMs: 180 * MINUTE });
    if (flavour === "cpu") await nameVllm(work, temporary);
    return { flavour, ...(await checkEngine(work, pythonOf(temporary), flavour)) };
  });
}

/**
 * Chooses the source of torch: PyTorch's own index if it can be reached, else null for the package registry. The CPU
 * build on PyTorch's index contains no NVIDIA libraries; among the CUDA builds there, uv chooses the one that fits the
 * driver. When the name of the index cannot be resolved, this check takes 0.1 s.
 */
async function chooseBackend(
  work: SetupContext,
  uv: string,
  target: readonly string[],
  flavour: Flavour,
): Promise<"cpu" | "auto" | null> {
  const [backend, torch] =
    flavour === "cpu" ? (["cpu", `torch==${PINS.torch}+cpu`] as const) : (["auto", "torch"] as const);
  const { ok } = await tryStep(work, {
    step: "vllm",
    title: "look for PyTorch's own builds",
    command: uv,
    args: ["pip", "install", ...target, "--dry-run", "--no-deps", "--torch-backend", backend, torch],
    env: { UV_HTTP_RETRIES: "0", UV_HTTP_TIMEOUT: "5", UV_HTTP_CONNECT_TIMEOUT: "5" },
    limitMs: 15_000,
  });
  return ok ? backend : null;
}

function packages(flavour: Flavour): readonly string[] {
  const files = ["-r", launchFile(`${flavour}-requirements.txt`), "-c", launchFile(`${flavour}-constraints.txt`)];
  const overrides = flavour === "cpu" ? ["--overrides", launchFile("cpu-overrides.txt")] : [];
  // Compiling 21,000 files now takes 20 s; without it, the first start of the server compiles them.
  return [...files, ...overrides, "--compile-bytecode"];
}

async function nameVllm(work: SetupContext, folder: string): Promise<void> {
  await runStep(work, {
    step: "vllm",
    title: "name the CPU build",
    command: pythonOf(folder),
    args: [launchFile("name_vllm.py")],
    limitMs: MINUTE,
  });
}

const foundSchema = z.object({ vllm: z.string(), torch: z.string(), python: z.string() });

/** Imports vLLM and returns the versions of vLLM and of the packages that it uses. */
async function checkEngine(
  work: SetupContext,
  python: string,
  flavour: Flavour,
): Promise<z.output<typeof foundSchema>> {
  const tail = await runStep(work, {
    step: "check",
    title: "import vLLM",
    command: python,
    args: [launchFile("check_engine.py"), flavour],
    limitMs: 15 * MINUTE,
  });
  try {
    return foundSchema.parse(JSON.parse(tail.findLast((line) => line.startsWith("{")) ?? ""));
  } catch (cause) {
    const message = `cannot import vLLM: check_engine.py printed no versions; the full output is in ${work.logFile}.`;
    throw new AbtieError("engine", message, { cause, details: tail });
  }
}
