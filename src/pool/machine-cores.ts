import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { allEnded } from "../all-ended.ts";
import { parseCores } from "./replica-shares.ts";

/**
 * Lists the cores that this process may use, one for each physical core where the machine runs two threads on one. Without Linux, as
 * many as the system says, counted from 0.
 */
export async function usableCores(): Promise<readonly number[]> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  if (allowed === undefined) return Array.from({ length: availableParallelism() }, (_, core) => core);
  const usable = parseCores(allowed);
  const siblings = await allEnded(usable.map(siblingsOf));
  const firsts = usable.filter((core, at) => (siblings[at] ?? []).find((one) => usable.includes(one)) === core);
  return firsts;
}

/** Lists the threads of a core's physical core, itself among them. */
async function siblingsOf(core: number): Promise<readonly number[]> {
  const path = `/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`;
  const list = await readFile(path, "utf8").catch(() => String(core));
  return parseCores(list);
}
