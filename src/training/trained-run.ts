import { join } from "node:path";
import { z } from "zod";
import { AbtieError, messageOf } from "../errors.ts";
import { parseJson } from "../files/json-lines.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { readDataFile } from "./data-file.ts";
import { TRAIN_FILE } from "./train.ts";

const trainFileSchema = z.object({ base: z.string(), head: z.enum(["classifier", "label", "answer"]) });

/** What a merge needs of the folder of a training. */
export interface TrainedRun {
  readonly base: string;
  readonly adapter: string;
  /** Names of the classes in the order of the head; null for a model that generates text. */
  readonly classes: readonly string[] | null;
  readonly padToken: number | null;
}

/**
 * Reads base, adapter and classes of a training from the folder of `abtie train` or `abtie make`. Throws AbtieError("data") when it
 * holds no finished training.
 */
export async function readTrainedRun(folder: string): Promise<TrainedRun> {
  const path = join(folder, TRAIN_FILE);
  const text = await readSmallFile(path).catch((cause: unknown) => {
    throw new AbtieError(
      "data",
      `cannot read ${path} (${messageOf(cause)}): name the folder of \`abtie train\`, or --base and --adapter`,
      { cause },
    );
  });
  const parsed = trainFileSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new AbtieError("data", `${path} was not written by this version of abtie: give --base and --adapter`);
  const { base, head } = parsed.data;
  const { classes, pad } = await readDataFile(join(folder, "data"));
  return {
    base,
    adapter: join(folder, "train", "final"),
    classes: head === "classifier" ? namesOfClasses(classes) : null,
    padToken: head === "classifier" ? pad : null,
  };
}

/** Names classes as the config of a model does: A, B and tie. */
export function namesOfClasses(classes: readonly string[]): readonly string[] {
  return classes.map((name) => (name === "tie" ? "tie" : name.toUpperCase()));
}
