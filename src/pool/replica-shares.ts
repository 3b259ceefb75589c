import { AbtieError } from "../errors.ts";
import { plural } from "../format.ts";

/** What replicas share on one machine. */
export interface Replicas {
  readonly count: number;
  readonly gpusPerReplica: number;
}

/**
 * Shares the GPUs out, so that no two replicas have the same: the value of CUDA_VISIBLE_DEVICES for each. `given` is that variable as
 * a scheduler, a person or the profile set it; its entries (numbers or UUIDs) are dealt in order. Undefined: GPUs are counted from 0.
 * Throws AbtieError("config") when the variable lists fewer GPUs than the replicas need.
 */
export function shareGpus({ count, gpusPerReplica }: Replicas, given: string | undefined): readonly string[] {
  const needed = count * gpusPerReplica;
  const listed = given?.split(",").map((entry) => entry.trim());
  const gpus = listed?.filter((entry) => entry !== "") ?? Array.from({ length: needed }, (_, gpu) => String(gpu));
  if (new Set(gpus).size < needed) {
    const each = gpusPerReplica === 1 ? "" : ` of ${gpusPerReplica} GPUs each`;
    throw new AbtieError(
      "config",
      `CUDA_VISIBLE_DEVICES lists ${plural(new Set(gpus).size, "GPU")} (${JSON.stringify(given)}), and ${plural(count, "replica")}${each} need ${needed}: ` +
        "set engine.replicas to what was given, or ask the scheduler for more",
    );
  }
  return shares([...new Set(gpus)], count, gpusPerReplica);
}

/**
 * Shares the cores out: the value of vLLM's VLLM_CPU_OMP_THREADS_BIND for each replica. Each gets the same number of cores; those that
 * are left over stay free. Throws AbtieError("config") when there are fewer cores than replicas.
 */
export function shareCores(count: number, cores: readonly number[]): readonly string[] {
  const each = Math.floor(cores.length / count);
  if (each === 0) {
    throw new AbtieError(
      "config",
      `this machine gives abtie ${plural(cores.length, "core")}, and engine.replicas is ${count}: start at most one server a core`,
    );
  }
  return shares(cores.map(String), count, each);
}

function shares(all: readonly string[], count: number, each: number): readonly string[] {
  return Array.from({ length: count }, (_, replica) => all.slice(replica * each, (replica + 1) * each).join(","));
}

/**
 * Reads a list of cores as Linux writes it, for example "0-3,8". Throws an Error for another text.
 */
export function parseCores(list: string): readonly number[] {
  return list
    .trim()
    .split(",")
    .flatMap((part) => {
      const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (from === undefined) throw new Error(`${JSON.stringify(list)} is no list of cores`);
      return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
    });
}
