import { join } from "node:path";
import { z } from "zod";
import { AbtieError, messageOf } from "../errors.ts";
import { parseJson } from "../files/json-lines.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { schemaProblems } from "../files/schema-problem.ts";

/** The files of a folder that `abtie prepare` has written. */
export const DATA_FILES = { data: "data.json", examples: "examples.jsonl", heldOut: "held_out_rows.jsonl" } as const;

const count = z.int().nonnegative();
const tokenIds = z.array(count);

/** data.json: what a training program must know of the examples beside them. */
const dataSchema = z.object({
  format: z.literal(1),
  head: z.enum(["classifier", "label", "answer"]),
  /** The classes in the order of the targets; none for the head answer, whose examples name the first token of the answer instead. */
  classes: z.array(z.enum(["a", "b", "tie"])),
  /** The token ids that stand for each class behind the prompt; null for the other heads. */
  labels: z.record(z.string(), tokenIds).nullable(),
  /** Tokens that were removed from the end of each prompt because they merge with the labels. */
  dropTail: count,
  eos: count.nullable(),
  pad: count.nullable(),
  /** SHA-256 of the tokenizer's files, and of the template: for the head answer the model's chat template, which is one of these files. */
  tokenizer: z.string(),
  template: z.string(),
  /** Folder of the model whose tokenizer made the ids. */
  model: z.string(),
  /** Most tokens of a prompt. */
  budget: count,
  folds: z.object({ by: z.enum(["prompt", "position", "none"]), count, heldOut: count.nullable() }),
  /** Prompts whose rows are both held out and trained on: 0 unless folds are by position. */
  splitPrompts: count,
  rows: count,
  /** Rows in each fold. */
  foldRows: z.array(count),
  examples: count,
  tokens: z.object({ total: count, longest: count }),
  /** Examples that were shortened. */
  cut: count,
  /** Rows that were left out, by reason. */
  dropped: z.record(z.string(), count),
  /** Share of each class, and the log loss (nats) of giving every row these shares: no constant prediction has a smaller one; null without classes. */
  prior: z.array(z.number()),
  priorLogLoss: z.number().nullable(),
  examplesSha256: z.string(),
});

/** See data.json in docs/guide/make-a-judge.md. */
export type DataFile = z.output<typeof dataSchema>;

/** Reads data.json in a folder. Throws AbtieError("data") when the folder holds no prepared data. */
export async function readDataFile(folder: string): Promise<DataFile> {
  const path = join(folder, DATA_FILES.data);
  const text = await readSmallFile(path).catch((cause: unknown) => {
    throw new AbtieError("data", `cannot read ${path} (${messageOf(cause)}): make the folder with \`abtie prepare\``, {
      cause,
    });
  });
  const parsed = dataSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AbtieError("data", `${path} was not written by this version of abtie: prepare the data again`, {
    details: schemaProblems(parsed.error.issues),
  });
}
