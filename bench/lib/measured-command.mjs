// Runs a command of abtie to its end, and measures memory and CPU time of its processes.
import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MAIN } from "./job.mjs";
import { childrenOf, cpuSeconds, endWithUs } from "./processes.mjs";

/**
 * Runs `abtie ...args` in `folder`; what it prints goes to the file `log` there. `peak` is the resident memory of the largest process at
 * its peak (MB), `peakOfAll` the sum of the peaks of all of them, `seconds` the wall time. Throws when the status is another than 0.
 */
export async function measureCommand(args, folder, log) {
  const file = await open(join(folder, log), "w");
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    stdio: ["ignore", file.fd, file.fd],
    detached: true,
  });
  endWithUs(child);
  const peaks = new Map();
  const cpu = new Map();
  let status = null;
  const ended = new Promise((resolve) => child.once("close", resolve)).then((code) => {
    status = code;
  });
  while (status === null) {
    for (const pid of await tree(child.pid)) {
      peaks.set(pid, Math.max(peaks.get(pid) ?? 0, await peakMegabytes(pid)));
      cpu.set(pid, Math.max(cpu.get(pid) ?? 0, await cpuSeconds(pid).catch(() => 0)));
    }
    await Promise.race([ended, sleep(200)]);
  }
  await file.close();
  if (status !== 0) throw new Error(`abtie ${args[0]} ended with ${status}: see ${join(folder, log)}`);
  const sum = (numbers) => [...numbers].reduce((total, one) => total + one, 0);
  return {
    peak: Math.max(...peaks.values()),
    peakOfAll: sum(peaks.values()),
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: sum(cpu.values()),
  };
}

async function tree(pid) {
  const children = await childrenOf(pid).catch(() => []);
  return [pid, ...(await Promise.all(children.map(tree))).flat()];
}

async function peakMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}
