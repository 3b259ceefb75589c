import { AbtieError } from "../../errors.ts";
import type { Disk } from "../../files/disk.ts";
import type { Log } from "../../types.ts";
import { readManifest, writeManifest } from "./manifest.ts";
import { describeModel, isSameModel, type ModelIdentity, mergeIdentities } from "./model-identity.ts";

/** Names that abtie made up for servers that it started; journals of earlier versions hold them instead of the model. */
const MADE_UP = /^abtie-[0-9a-f]{8}$/;

/**
 * Compares the model that the engines serve with the one that gave the earlier answers of the run, and writes it into the manifest of a
 * run that has none yet. Throws AbtieError("config") when it is another one, unless `force` is true; then the manifest gets the new one.
 */
export async function checkModel(options: {
  readonly folder: string;
  readonly manifestFile: string;
  readonly model: ModelIdentity;
  /** The model that answered according to the journal of a run whose manifest has none; null when there is none either. */
  readonly journaled: string | null;
  /** False when the run has no answers, so that any model may give the first one. */
  readonly hasAnswers: boolean;
  readonly force: boolean;
  readonly disk: Disk;
  readonly log: Log;
}): Promise<void> {
  const { folder, manifestFile, model, journaled, hasAnswers, force, disk, log } = options;
  const manifest = await readManifest(manifestFile, disk);
  if (manifest === null) throw new Error("the manifest of a run is written before its engine is opened");
  const before = hasAnswers ? (manifest.model ?? modelOfJournal(journaled)) : null;
  if (before !== null && !isSameModel(before, model)) {
    const was = `was ${describeModel(before)}, is now ${describeModel(model)}`;
    if (!force) {
      throw new AbtieError(
        "config",
        `${folder} holds answers of another model, and new answers would not be comparable with them: the model ${was}. Serve the model of ` +
          "before, choose another run folder (--run), begin again (--fresh), or continue all the same (--force)",
      );
    }
    log("warn", `continuing although the model ${was}`);
    return writeManifest(manifestFile, { ...manifest, model }, disk);
  }
  const known = before === null ? model : mergeIdentities(before, model);
  if (JSON.stringify(known) !== JSON.stringify(manifest.model))
    await writeManifest(manifestFile, { ...manifest, model: known }, disk);
}

function modelOfJournal(name: string | null): ModelIdentity | null {
  return name === null || MADE_UP.test(name) ? null : { id: name, root: null, answersAs: null };
}
