import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Effects } from "../effects.ts";
import { AbtieError, messageOf } from "../errors.ts";
import { appendText } from "../files/append.ts";
import { exists } from "../files/exists.ts";
import { explainFileError } from "../files/explain.ts";
import { createFolder } from "../files/folder.ts";
import { withLock } from "../files/lock.ts";
import { makeNewFolder, partialFolder } from "../files/new-folder.ts";
import { decideStage, type Inputs } from "./decide.ts";
import { readStage, type StageFiles, writeBegun, writeDone } from "./records.ts";
import type { ChainStage, MadeStage, StageName } from "./stage.ts";

export interface ChainOptions {
  /** Folder of the chain; made where it is missing. */
  readonly folder: string;
  /** The command, for other processes that want the folder, for example "abtie make". */
  readonly purpose: string;
  /** Make a stage again whose inputs have changed; what it had made is renamed. */
  readonly force: boolean;
}

export type ChainEffects = Pick<Effects, "clock" | "machine" | "signal" | "log" | "redactor">;

/** The stages of a chain, as they are after a run. */
export interface ChainResult {
  readonly folder: string;
  readonly stages: readonly MadeStage[];
  /** The stages that this run has made or continued. */
  readonly run: readonly StageName[];
}

/**
 * Runs the stages that are not done, in their order. Each fills a temporary folder that gets its name when it is complete, so that a
 * kill at any moment leaves nothing half-made that is used. Throws AbtieError: data (another process works in the folder, the disk
 * fails), config (a stage that is there was made of other inputs, without `force`), interrupted, and what a stage throws.
 */
export async function runChain(
  stages: readonly ChainStage[],
  { folder, purpose, force }: ChainOptions,
  effects: ChainEffects,
): Promise<ChainResult> {
  const { clock, machine, signal } = effects;
  await createFolder(folder);
  return withLock(join(folder, "lock"), { purpose, clock, machine, signal }, async (lost) => {
    const ending = AbortSignal.any([signal, lost]);
    const made = new Map<StageName, MadeStage>();
    const run: StageName[] = [];
    for (const stage of stages) {
      ending.throwIfAborted();
      const inputs = await stage.inputs(made);
      const found = await readStage(folder, stage);
      const decision = decideStage(found, inputs, stage);
      if (decision.kind === "done" && found.made !== null) {
        made.set(stage.name, found.made);
        continue;
      }
      if (decision.kind === "changed") {
        const text = `${stage.name} in ${folder} was made of something else: ${decision.changes.join("; ")}`;
        // What an earlier stage of this run has made anew is no change that a person must be asked about.
        if (!force && run.length === 0) throw otherInputs(text, found);
        effects.log(
          "info",
          `${text}: it is made again, and what was there is kept as ${await setAside(folder, stage, effects)}`,
        );
      }
      await runStage(stage, { folder, inputs, found, ending, effects, made });
      run.push(stage.name);
      const after = (await readStage(folder, stage)).made;
      if (after === null) throw new Error(`the stage ${stage.name} ended well and left no record`);
      made.set(stage.name, after);
    }
    return { folder, stages: [...made.values()], run };
  });
}

async function runStage(
  stage: ChainStage,
  {
    folder,
    inputs,
    found,
    ending,
    effects,
    made,
  }: {
    folder: string;
    inputs: Inputs;
    found: StageFiles;
    ending: AbortSignal;
    effects: ChainEffects;
    made: ReadonlyMap<StageName, MadeStage>;
  },
): Promise<void> {
  const { clock, machine } = effects;
  const path = join(folder, stage.folder);
  const began = clock.monotonic();
  await note(folder, { event: "begin", stage: stage.name }, effects);
  try {
    // A stage that a deadline stopped goes on in its own folder, which then is incomplete again.
    if (found.stopped !== null && stage.continues) await rename(path, partialFolder(path));
    const options = {
      purpose: `the stage ${stage.name}`,
      remedy: "move it away, or name another folder",
      continues: stage.continues,
      clock,
      machine,
      signal: ending,
    };
    await makeNewFolder(path, options, async (temporary, lost) => {
      await writeBegun(temporary, inputs);
      const outcome = await stage.run({ temporary, made, signal: AbortSignal.any([ending, lost]) });
      ending.throwIfAborted();
      const seconds = (clock.monotonic() - began) / 1000;
      await writeDone(temporary, { inputs, outcome, seconds, now: clock.now() });
    });
    await note(folder, { event: "done", stage: stage.name, seconds: (clock.monotonic() - began) / 1000 }, effects);
  } catch (error) {
    // The disk may be full; then the error itself is what a person must know.
    await note(folder, { event: "failed", stage: stage.name, reason: messageOf(error) }, effects).catch(() => {});
    throw explainFileError("write", path, error);
  }
}

/** Appends a line to the journal of the chain. */
async function note(
  folder: string,
  event: Readonly<Record<string, unknown>>,
  { clock, redactor }: ChainEffects,
): Promise<void> {
  const line = JSON.stringify({ at: new Date(clock.now()).toISOString(), ...event });
  await appendText(join(folder, "journal.jsonl"), `${redactor.redact(line)}\n`);
}

/** Renames what a stage has made before, and what it had begun; returns the name. */
async function setAside(
  folder: string,
  { folder: own, continues }: ChainStage,
  { clock }: ChainEffects,
): Promise<string> {
  const path = join(folder, own);
  const name = `${own}.until-${new Date(clock.now()).toISOString().replace(/[:.]/g, "-")}`;
  if (await exists(path)) {
    await rename(path, join(folder, name));
    await rm(partialFolder(path), { recursive: true, force: true });
  } else if (continues) await rename(partialFolder(path), join(folder, name));
  return name;
}

function otherInputs(text: string, { done }: StageFiles): AbtieError {
  const what = done === null ? "continues what was begun" : "uses what is there";
  return new AbtieError(
    "config",
    `${text}. Give --force to make it again (what is there is renamed), or name another folder with -o; with the old settings the command ${what}.`,
  );
}
