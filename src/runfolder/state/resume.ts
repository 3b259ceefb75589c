import { AbtieError, systemCode } from "../../errors.ts";
import { type Disk, nodeDisk } from "../../files/disk.ts";
import type { Classes } from "../../types.ts";
import { readJournal } from "../journal/read.ts";
import { fold } from "./fold.ts";
import { createRunState, type RunState } from "./run-state.ts";

/**
 * Reads a journal and returns the state of its run, whose judge has these classes; without a file, returns the state of a new run. Throws
 * AbtieError("data") with file and line when the journal is corrupt or belongs to another data file.
 */
export async function resumeRun(
  path: string,
  rows: number,
  classes: Classes,
  disk: Disk = nodeDisk,
): Promise<RunState> {
  const state = createRunState(rows, classes);
  if (!(await exists(path, disk))) return state;
  for await (const { event, line } of readJournal(path, disk)) {
    try {
      fold(state, event);
    } catch (error) {
      if (!(error instanceof AbtieError)) throw error;
      throw new AbtieError(error.code, `${path}, line ${line}: ${error.message}`, { cause: error });
    }
  }
  return state;
}

async function exists(path: string, disk: Disk): Promise<boolean> {
  return disk.stat(path).then(
    () => true,
    (error: unknown) => systemCode(error) !== "ENOENT",
  );
}
