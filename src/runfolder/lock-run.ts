import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Effects } from "../effects.ts";
import { createFolder } from "../files/folder.ts";
import { acquireLock } from "../files/lock.ts";

/** The right of this process to write the folder and the submission of one run. */
export interface RunLock extends AsyncDisposable {
  /** Aborts with an AbtieError("data") when another process takes the run. */
  readonly lost: AbortSignal;
}

/**
 * Makes the folder of a run and locks it. Throws AbtieError("data") when another process works on the run, or when the folder
 * cannot be made.
 */
export async function lockRun(
  { runFolder }: Pick<Config, "runFolder" | "output">,
  { clock, disk, machine }: Pick<Effects, "clock" | "disk" | "machine">,
): Promise<RunLock> {
  await createFolder(runFolder, disk);
  return acquireLock(join(runFolder, "lock"), { purpose: "abtie run", clock, disk, machine });
}
