import type { Config } from "../config/config.ts";
import type { FoldSettings } from "./folds.ts";
import type { ParsedRecipe } from "./recipe-schema.ts";

/** A recipe as the program uses it: every default filled in, paths absolute. */
export interface JudgeRecipe extends Omit<ParsedRecipe, "data"> {
  /** The file that a person wrote. */
  readonly file: string;
  /** Name of the file without its ending. */
  readonly name: string;
  /** The job whose rows are trained on, with the template of the judge. */
  readonly job: Config;
  readonly data: {
    readonly orders: "one" | "both";
    readonly folds: FoldSettings;
    /** The fold that is not trained on; null: none. */
    readonly heldOut: number | null;
    readonly extra: readonly string[];
    /** For the head answer: the column with the chats. */
    readonly messages: string;
    /** The column with the ids that a person named; null: none. */
    readonly idColumn: string | null;
    readonly teacher: string | null;
  };
}

/** The part of a recipe that the training program reads: a change in it means another training. */
export function trainingPart({
  base,
  head,
  loss,
  data,
  lora,
  load,
  training,
}: JudgeRecipe): Readonly<Record<string, unknown>> {
  const folds = { by: data.folds.by, count: data.folds.count, held_out: data.heldOut };
  return { base, head, loss, data: { folds }, lora, load, training };
}
