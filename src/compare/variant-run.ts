import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { createPublisher, type Publisher } from "../job/publisher.ts";
import { createRecorder, type Recorder } from "../job/recorder.ts";
import { type Aggregation, createAggregate } from "../judge/aggregate.ts";
import type { JudgeLoader, Task } from "../judge/judge.ts";
import { openRunFolder, type RunFolder } from "../runfolder/open-run-folder.ts";
import { resumeRun } from "../runfolder/state/resume.ts";
import { isAnswered, type RunState } from "../runfolder/state/run-state.ts";
import type { Order } from "../types.ts";
import type { Variant } from "./open-variants.ts";

/** A variant at work: an ordinary run in its own folder, and a second scoring of a sample of its rows. */
export interface VariantRun extends Variant, AsyncDisposable {
  readonly orders: readonly Order[];
  readonly opener: JudgeLoader;
  readonly judgement: Aggregation;
  readonly folder: RunFolder;
  readonly board: Publisher;
  readonly recorder: Recorder;
  /** What is known of the second scoring, and its journal. */
  readonly again: { readonly state: RunState; readonly file: string };
  /** Says whether the row has been answered in every order that this variant asks for. */
  readonly answered: (row: number) => boolean;
}

export interface VariantRunOptions {
  readonly dataset: Dataset;
  readonly version: string;
  readonly force: boolean;
  readonly fresh: boolean;
  readonly effects: Effects;
  /** Told about every task that has ended, with an answer or without. */
  readonly onOutcome: (contestant: VariantRun, task: Task, answered: boolean) => void;
}

/** Opens the folders of all variants. When one cannot be opened, the others are closed and its error is thrown. */
export async function openVariantRuns(
  variants: readonly Variant[],
  options: VariantRunOptions,
): Promise<AsyncDisposable & { readonly list: readonly VariantRun[] }> {
  const list: VariantRun[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(list.map((contestant) => contestant[Symbol.asyncDispose]()));
  };
  try {
    for (const variant of variants) list.push(await openContestant(variant, options));
  } catch (error) {
    await close();
    throw error;
  }
  return { list, [Symbol.asyncDispose]: close };
}

async function openContestant(variant: Variant, options: VariantRunOptions): Promise<VariantRun> {
  const { config } = variant;
  const { dataset, effects } = options;
  const { clock, log } = effects;
  const opener = await createJudgeLoader(config, dataset);
  const { template } = opener;
  const judgement = await createAggregate(config, template, log);
  const folder = await openRunFolder({ ...options, config, template });
  folder.begin();
  try {
    const { state, journal } = folder;
    const orders: readonly Order[] = config.orders === "both" ? ["ab", "ba"] : ["ab"];
    if (orders.length === 1 && state.orders.ba.answered > 0) throw scoredInBoth(variant);
    const file = join(folder.path, "rescored.jsonl");
    if (options.fresh) await rm(file, { force: true });
    const again = { state: await resumeRun(file, dataset.ids.length), file };
    const board = createPublisher({
      ...{ ids: dataset.ids, state, journal, judge: judgement.judge, prior: config.prior },
      ...{ submission: config.output, rows: folder.rowsFile, columns: config.columns, clip: config.clip },
      ...{ clock, log },
    });
    await board.publishFirst();
    const recorder = createRecorder({
      ...{ journal, state, board, clock },
      onOutcome: (task, answered) => options.onOutcome(contestant, task, answered),
    });
    const contestant: VariantRun = {
      ...variant,
      ...{ orders, opener, judgement, folder, board, recorder, again },
      answered: (row) => orders.every((order) => isAnswered(state, row, order)),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
    return contestant;
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

function scoredInBoth({ name, config }: Variant): AbtieError {
  return new AbtieError(
    "config",
    `${config.runFolder} holds rows in both orders, but "${name}" asks for one: choose another run folder (--run), begin ` +
      "again (--fresh), or give that variant another name",
  );
}
