import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomic } from "../files/atomic.ts";
import { sha256 } from "../files/hash.ts";
import { parseJson } from "../files/json-lines.ts";
import { partialFolder } from "../files/new-folder.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import type { Inputs, StageState } from "./decide.ts";
import type { ChainStage, MadeStage, StageOutcome } from "./stage.ts";

/** The record of a stage, written last into its folder. */
const DONE_FILE = "stage.json";
/** What a stage was begun with, written first into its temporary folder. */
const BEGUN_FILE = "begun.json";

const inputsSchema = z.record(z.string(), z.string());
const doneSchema = z.object({
  inputs: inputsSchema,
  stopped: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
  seconds: z.number(),
  endedAt: z.string(),
});

/** What the folder of a chain knows of a stage. */
export interface StageFiles extends StageState {
  readonly made: MadeStage | null;
}

/** Reads what is there of a stage. A record that cannot be read counts as none. */
export async function readStage(folder: string, { name, folder: own }: ChainStage): Promise<StageFiles> {
  const path = join(folder, own);
  const text = await readSmallFile(join(path, DONE_FILE)).catch(() => null);
  const done = text === null ? null : (doneSchema.safeParse(parseJson(text)).data ?? null);
  const begunText = await readSmallFile(join(partialFolder(path), BEGUN_FILE)).catch(() => null);
  const begun = begunText === null ? null : (inputsSchema.safeParse(parseJson(begunText)).data ?? null);
  if (text === null || done === null) return { done: null, stopped: null, begun, made: null };
  const { inputs, stopped, facts, seconds } = done;
  return { done: inputs, stopped, begun, made: { name, path, id: sha256(text), stopped, facts, seconds } };
}

/** Writes into a temporary folder what its stage was begun with. */
export async function writeBegun(temporary: string, inputs: Inputs): Promise<void> {
  await writeAtomic(join(temporary, BEGUN_FILE), `${JSON.stringify(inputs, null, 2)}\n`);
}

/** Writes the record of a stage into its temporary folder, which is then complete. */
export async function writeDone(
  temporary: string,
  { inputs, outcome, seconds, now }: { inputs: Inputs; outcome: StageOutcome; seconds: number; now: number },
): Promise<void> {
  const record = { inputs, ...outcome, seconds, endedAt: new Date(now).toISOString() };
  await writeAtomic(join(temporary, DONE_FILE), `${JSON.stringify(record, null, 2)}\n`);
  await rm(join(temporary, BEGUN_FILE), { force: true });
}
