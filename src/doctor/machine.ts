import { stat } from "node:fs/promises";
import { availableParallelism, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { SpawnConfig } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { exists } from "../files/exists.ts";
import { readModelConfig } from "../judge/classifier/model-config.ts";
import { choosePort } from "../process/port.ts";
import { error, type Finding, fromError, ok, warning } from "./finding.ts";

/** Longest time (ms) that a tool may take. Reading the version of vLLM takes long on a cold disk. */
const TOOL_MS = 120_000;
const GIB = 1024 ** 3;

/** Checks everything that a spawned server needs on this machine: Python, vLLM, GPUs, memory, the port, the model folder. */
export async function checkMachine(engine: SpawnConfig, effects: Effects): Promise<readonly Finding[]> {
  const python = await checkPython(engine, effects).catch((cause: unknown) => [fromError("python", cause)]);
  const model = checkModel(engine).catch((cause: unknown) => fromError("model", cause));
  const rest = await Promise.all([checkGpus(engine), checkPort(engine), model]);
  return [...python, checkMemory(), ...rest];
}

async function checkPython({ command }: SpawnConfig, effects: Effects): Promise<readonly Finding[]> {
  if (command.includes("/") && !(await exists(command))) {
    return [
      error("python", `${command} does not exist`, "run `abtie setup`, or name your interpreter as engine.python"),
    ];
  }
  if (!/python[\d.]*$/.test(command)) return [ok("python", `not checked: ${command} starts the engine`)];
  const code = "import sys, importlib.metadata as m; print(sys.version.split()[0]); print(m.version('vllm'))";
  const result = await execa(command, ["-c", code], {
    reject: false,
    timeout: TOOL_MS,
    cancelSignal: effects.signal,
  });
  const [version = "", vllm] = result.stdout.split("\n");
  if (version === "") {
    return [error("python", `${command} cannot be run: ${result.stderr.slice(-300)}`, "run `abtie setup` again")];
  }
  const python = ok("python", `Python ${version} at ${command}`);
  if (vllm === undefined) {
    return [python, error("vllm", `${command} has no vLLM`, "run `abtie setup`, or install vLLM for this interpreter")];
  }
  return [python, ok("vllm", `vLLM ${vllm}`)];
}

function checkMemory(): Finding {
  const free = freemem() / GIB;
  const text = `${free.toFixed(1)} of ${(totalmem() / GIB).toFixed(1)} GiB free, ${availableParallelism()} cores`;
  return free < 2 ? warning("memory", text, "close other programs: a server needs several GiB") : ok("memory", text);
}

async function checkGpus({ args }: SpawnConfig): Promise<Finding> {
  const result = await execa(
    "nvidia-smi",
    ["--query-gpu=name,memory.total,memory.free,compute_cap", "--format=csv,noheader"],
    { reject: false, timeout: TOOL_MS },
  );
  const gpus = result.failed ? [] : result.stdout.split("\n").filter((line) => line !== "");
  const wanted = Number(args[args.indexOf("--tensor-parallel-size") + 1] ?? 1);
  const needed = args.includes("--tensor-parallel-size") ? wanted : 0;
  if (gpus.length < needed) {
    const text = `the engine needs ${needed} GPUs, but nvidia-smi lists ${gpus.length}`;
    return error("gpus", text, "choose another engine profile, or make the GPUs visible");
  }
  return ok("gpus", gpus.length === 0 ? "none: the server runs on the CPU" : gpus.join("; "));
}

async function checkPort({ port }: SpawnConfig): Promise<Finding> {
  if (port === null) return ok("port", "the server gets any free port");
  return choosePort("127.0.0.1", port).then(
    () => ok("port", `${port} is free`),
    (cause: unknown) => fromError("port", cause),
  );
}

async function checkModel({ model }: SpawnConfig): Promise<Finding> {
  if (!model.startsWith("/"))
    return warning("model", `${model} is not a folder`, "without a network, name a folder as engine.model");
  const config = await readModelConfig(model);
  if (config === null) {
    return error("model", `${model} has no config.json`, "run `abtie setup`, or name the model folder as engine.model");
  }
  const weights = await stat(join(model, "model.safetensors")).catch(() => null);
  const architectures = config.architectures.length === 0 ? "unknown architecture" : config.architectures.join(", ");
  const size = weights === null ? "" : `, ${(weights.size / GIB).toFixed(2)} GiB`;
  return ok("model", `${architectures}${size} at ${model}`);
}
