import { basename, dirname, join } from "node:path";
import { allEnded } from "../all-ended.ts";
import { type Disk, nodeDisk } from "../files/disk.ts";
import { exists } from "../files/exists.ts";
import { type CommandFiles, type NamedFile, refuseOverwrite } from "../files/refuse-overwrite.ts";
import { isHiddenState, KEPT_FILES, MARKS_OF_A_FOLDER } from "./file-names.ts";

/**
 * Call this before the first write of a command. Throws AbtieError("config") with every output that is also a file that the command
 * needs, or in which abtie keeps the state of any run or comparison: its journal, manifest, rows, lock, or the record of a
 * submission. `--force` changes nothing about it. See refuseOverwrite.
 */
export async function refuseOutputs(files: CommandFiles, disk: Disk = nodeDisk): Promise<void> {
  await refuseOverwrite(files, disk, async (path, isInOwnFolder) => [
    ...(isHiddenState(basename(path)) ? [{ role: HIDDEN, path }] : []),
    // The command itself names the files of its own folder.
    ...(isInOwnFolder ? [] : await keptIn(dirname(path), disk)),
  ]);
}

const HIDDEN = "a name under which abtie keeps the lock or the record of a submission";

/** Names the files that abtie keeps in a folder; none when it is neither the folder of a run nor that of a comparison. */
async function keptIn(folder: string, disk: Disk): Promise<readonly NamedFile[]> {
  const marks = await allEnded(MARKS_OF_A_FOLDER.map((name) => exists(join(folder, name), disk)));
  if (!marks.includes(true)) return [];
  return KEPT_FILES.map((name) => ({ role: `${name} of the run folder ${folder}`, path: join(folder, name) }));
}
