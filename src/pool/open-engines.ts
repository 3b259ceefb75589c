import { allEnded } from "../all-ended.ts";
import type { Config, SpawnConfig } from "../config/config.ts";
import { secretsOf } from "../config/secrets-of.ts";
import type { Effects } from "../effects.ts";
import type { Engine } from "../engine/engine.ts";
import { attachEngine } from "../engine/life/attach.ts";
import type { EngineOptions } from "../engine/life/open-engine.ts";
import { spawnEngine } from "../engine/life/spawn.ts";
import { Secret } from "../secrets/secret.ts";
import { usableCores } from "./machine-cores.ts";
import { createFirstRequests } from "./repeat-first-requests.ts";
import { shareCores, shareGpus } from "./replica-shares.ts";

/** Longest wait (ms) for the first answer of a server that abtie did not start, because it may still be starting. */
const ATTACH_MS = 10_000;
/**
 * Longest wait (ms) until such a server is back after it was lost, because its owner must start it and it must load its model.
 */
const RETURN_MS = 900_000;
/** Time limit (ms) of the first request, which compiles kernels on some machines. */
const WARM_UP_MS = 300_000;

/** Opens one engine of the job. */
export interface EngineOpener {
  readonly name: string;
  readonly open: (signal: AbortSignal) => Promise<Engine>;
  /** Opens the engine again after it was lost. */
  readonly reopen: (signal: AbortSignal) => Promise<Engine>;
}

/** Lists one opener for each server of the config: every replica of a spawned engine, every URL of an attached one. */
export function engineOpeners(options: {
  config: Config;
  effects: Effects;
  /** Folder of the server logs. */
  logFolder: string;
  probe: EngineOptions["probe"];
}): readonly EngineOpener[] {
  const { config, effects } = options;
  const { engine } = config;
  effects.redactor.add(secretsOf(config));
  const progressOf = (name: string) => (text: string) => effects.progress({ stage: "step", name, text });
  const common = (name: string, signal: AbortSignal): EngineOptions => ({
    clock: effects.clock,
    log: effects.log,
    env: effects.env,
    apiKey: engine.apiKey,
    redact: effects.redactor.redact,
    signal,
    method: engine.method === "auto" ? null : engine.method,
    probe: options.probe,
    timeoutMs: config.requestTimeoutMs,
    warmUpMs: WARM_UP_MS,
    repeat: createFirstRequests({ clock: effects.clock, random: effects.random, onProgress: progressOf(name) }),
    onProgress: progressOf(name),
  });
  if (engine.kind === "attach") {
    return engine.urls.map((baseUrl, index) => {
      const access = engine.access[index] ?? null;
      const attach = (readyMs: number) => (signal: AbortSignal) =>
        attachEngine({ ...common("engine", signal), spec: { baseUrl, access, model: engine.model, readyMs } });
      return { name: baseUrl, open: attach(ATTACH_MS), reopen: attach(RETURN_MS) };
    });
  }
  const sharing = replicaVariables(engine, effects.env);
  return Array.from({ length: engine.replicas }, (_, replica) => {
    const open = async (signal: AbortSignal): Promise<Engine> =>
      spawnEngine({
        ...common(engine.replicas === 1 ? "engine" : `engine ${replica + 1}`, signal),
        spec: spawnSpec(engine, replica, await sharing(replica)),
        runDir: options.logFolder,
        logName: serverLogName(engine, replica),
        keep: engine.keep,
        random: effects.random,
      });
    return { name: engine.replicas === 1 ? engine.name : `${engine.name} ${replica + 1}`, open, reopen: open };
  });
}

/** Names the log of a replica, counted from 0, in the folder of the logs. */
export function serverLogName({ replicas }: Pick<SpawnConfig, "replicas">, replica: number): string {
  return replicas === 1 ? "server.log" : `server-${replica + 1}.log`;
}

/** vLLM's variable for the cores of a server on the CPU; "auto" takes all, which replicas would then share. */
const CORES = "VLLM_CPU_OMP_THREADS_BIND";
const GPUS = "CUDA_VISIBLE_DEVICES";

/**
 * Shares the GPUs, or the cores of a server on the CPU, out to the replicas: gives the variables of each. Throws AbtieError("config")
 * when there are fewer than replicas.
 */
function replicaVariables(
  engine: SpawnConfig,
  env: Effects["env"],
): (replica: number) => Promise<Readonly<Record<string, Secret>>> {
  const { replicas, gpusPerReplica } = engine;
  if (replicas === 1) return async () => ({});
  const one = (name: string, shares: readonly string[], replica: number): Readonly<Record<string, Secret>> => ({
    [name]: new Secret(shares[replica] ?? ""),
  });
  if (engine.env[CORES]?.reveal() === "auto") {
    return async (replica) => one(CORES, shareCores(replicas, await usableCores()), replica);
  }
  const given = engine.env[GPUS]?.reveal() ?? env[GPUS];
  const shares = shareGpus({ count: replicas, gpusPerReplica }, given);
  return async (replica) => one(GPUS, shares, replica);
}

function spawnSpec(engine: SpawnConfig, replica: number, shared: Readonly<Record<string, Secret>>) {
  return {
    command: engine.command,
    args: engine.args,
    env: { ...engine.env, ...shared },
    readyMs: engine.readyMs,
    model: engine.model,
    host: "127.0.0.1" as const,
    port: engine.port === null ? null : engine.port + replica,
    stopGraceMs: engine.stopGraceMs,
  };
}

/** An open engine, and the function that opens it again. */
export interface OpenedEngine extends Pick<EngineOpener, "name" | "reopen"> {
  readonly engine: Engine;
}

/**
 * Opens all engines at once. When an engine cannot be opened, the others are stopped and the error of that engine is thrown.
 */
export async function openEngines(
  openers: readonly EngineOpener[],
  signal: AbortSignal,
): Promise<readonly OpenedEngine[]> {
  const opening = openers.map(async ({ name, open, reopen }) => ({ name, reopen, engine: await open(signal) }));
  const results = await Promise.allSettled(opening);
  const opened = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = results.find((result) => result.status === "rejected");
  if (failure === undefined) return opened;
  await allEnded(opened.map(({ engine }) => engine[Symbol.asyncDispose]()));
  throw failure.reason;
}
