import type { Inputs } from "./decide.ts";

/** The stages of making a judge, in their order. */
export const STAGE_NAMES = ["prepare", "train", "merge", "quantize", "prove"] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** What a stage has made. */
export interface StageOutcome {
  /** Why it is less than what was asked for, for example "deadline"; null when it is all. */
  readonly stopped: string | null;
  /** Facts for a person and for later stages, as JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A stage as data, and the function that does its work. */
export interface ChainStage {
  readonly name: StageName;
  /** Name of its folder in the folder of the chain. */
  readonly folder: string;
  /** True when work that was begun is continued; false when it begins anew. */
  readonly continues: boolean;
  /** Collects what the output depends on; `made` are the hashes of the outcomes of the stages before. */
  readonly inputs: (made: MadeStages) => Promise<Inputs>;
  /** Fills a temporary folder, which gets its name afterwards. `signal` aborts on interruption and when a lock is lost. */
  readonly run: (work: StageWork) => Promise<StageOutcome>;
}

export interface StageWork {
  /** Folder to fill. */
  readonly temporary: string;
  /** What the stages before have made. */
  readonly made: MadeStages;
  readonly signal: AbortSignal;
}

/** A stage that is done. */
export interface MadeStage extends StageOutcome {
  readonly name: StageName;
  /** Path of its folder. */
  readonly path: string;
  /** Hash of the record, which another run of the stage changes. */
  readonly id: string;
  readonly seconds: number;
}

export type MadeStages = ReadonlyMap<StageName, MadeStage>;

/** Returns a stage that an earlier one has made. Throws an Error when it is not there, which is a bug of the caller. */
export function madeStage(made: MadeStages, name: StageName): MadeStage {
  const found = made.get(name);
  if (found === undefined) throw new Error(`the stage ${name} is not done`);
  return found;
}
