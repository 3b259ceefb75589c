import { access, readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { availableParallelism, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { SpawnConfig } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { error, type Finding, ok, warning } from "./finding.ts";

/** Longest time for a tool to say its version; importing vLLM takes a while on a cold disk. */
const TOOL_MS = 120_000;
const GIB = 1024 ** 3;

/** Checks what a spawned server needs of this machine: Python and vLLM, GPUs, memory, the port, the model folder. */
export async function checkMachine(engine: SpawnConfig, effects: Effects): Promise<readonly Finding[]> {
  const python = await checkPython(engine, effects);
  const rest = await Promise.all([checkGpus(engine), checkPort(engine), checkModel(engine)]);
  return [...python, checkMemory(), ...rest];
}

async function checkPython({ command }: SpawnConfig, effects: Effects): Promise<readonly Finding[]> {
  const found = await access(command).then(
    () => true,
    () => !command.includes("/"),
  );
  if (!found) {
    return [
      error("python", `${command} does not exist`, "run `abtie setup`, or name your interpreter as engine.python"),
    ];
  }
  if (!/python[\d.]*$/.test(command)) return [ok("python", `not asked: the engine is started by ${command}`)];
  const code = "import sys, importlib.metadata as m; print(sys.version.split()[0]); print(m.version('vllm'))";
  const result = await execa(command, ["-c", code], {
    reject: false,
    timeout: TOOL_MS,
    cancelSignal: effects.signal,
  });
  const [version = "", vllm] = result.stdout.split("\n");
  if (version === "") {
    return [error("python", `${command} does not run: ${result.stderr.slice(-300)}`, "run `abtie setup` again")];
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
  return free < 2 ? warning("memory", text, "end other programs: a server needs some GiB") : ok("memory", text);
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
    const text = `the engine wants ${needed} GPUs and nvidia-smi lists ${gpus.length}`;
    return error("gpus", text, "choose another engine profile, or make the GPUs visible");
  }
  return ok("gpus", gpus.length === 0 ? "none: the server runs on the CPU" : gpus.join("; "));
}

async function checkPort({ port }: SpawnConfig): Promise<Finding> {
  if (port === null) return ok("port", "any free port will be taken");
  const busy = await new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(false)));
  });
  if (!busy) return ok("port", `${port} is free`);
  return error("port", `${port} is in use`, "end what listens there, or leave engine.port out");
}

async function checkModel({ model }: SpawnConfig): Promise<Finding> {
  if (!model.startsWith("/")) return warning("model", `${model} is no folder`, "offline machines need a folder");
  const config = await readFile(join(model, "config.json"), "utf8").catch(() => null);
  if (config === null) {
    return error(
      "model",
      `${model} holds no config.json`,
      "run `abtie setup`, or name the model folder as engine.model",
    );
  }
  const weights = await stat(join(model, "model.safetensors")).catch(() => null);
  const { architectures } = JSON.parse(config) as { architectures?: readonly string[] };
  const size = weights === null ? "" : `, ${(weights.size / GIB).toFixed(2)} GiB`;
  return ok("model", `${architectures?.join(", ") ?? "unknown architecture"}${size} at ${model}`);
}
