import { join } from "node:path";
import { allEnded } from "../all-ended.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { type Job, loadJob, openJob } from "../job/open-job.ts";
import { resumeRun } from "../runfolder/state/resume.ts";
import { isAnswered, type RunState } from "../runfolder/state/run-state.ts";
import type { Order } from "../types.ts";
import type { Variant } from "./open-variants.ts";
import { dateVariants } from "./refuse-variants.ts";

/**
 * A variant that is being scored: an ordinary job with its own run folder, and a second scoring of a sample of its
 * rows.
 */
export interface VariantRun extends Variant, Job {
  readonly orders: readonly Order[];
  /** State and journal of the second scoring. */
  readonly again: { readonly state: RunState; readonly file: string };
  /** Returns whether the row has been answered in every order that this variant scores. */
  readonly answered: (row: number) => boolean;
}

export interface VariantRunOptions {
  readonly dataset: Dataset;
  readonly force: boolean;
  readonly fresh: boolean;
  readonly effects: Effects;
}

/**
 * Opens the jobs of all variants. After all of them are open, writes the results that earlier sessions computed. If one cannot
 * be opened, closes the others and throws its error: AbtieError("config" or "data").
 */
export async function openVariantRuns(
  variants: readonly [Variant, ...Variant[]],
  options: VariantRunOptions,
): Promise<AsyncDisposable & { readonly list: readonly [VariantRun, ...VariantRun[]] }> {
  const opened: VariantRun[] = [];
  const close = async (): Promise<void> => {
    await allEnded(opened.map((run) => run[Symbol.asyncDispose]()));
  };
  const open = async (variant: Variant): Promise<VariantRun> => {
    const run = await openVariantRun(variant, options);
    opened.push(run);
    return run;
  };
  try {
    const [first, ...others] = await dateVariants(variants, options);
    const list: [VariantRun, ...VariantRun[]] = [await open(first)];
    for (const other of others) list.push(await open(other));
    for (const { publisher, folder } of list) {
      await publisher.publishFirst();
      folder.begin();
    }
    return { list, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openVariantRun(variant: Variant, options: VariantRunOptions): Promise<VariantRun> {
  const { config } = variant;
  const { dataset, fresh } = options;
  const { disk } = options.effects;
  const own = { ...options, config, prefix: `${variant.name}: ` };
  const job = await openJob(own, await loadJob(own));
  try {
    const { folder } = job;
    const { state } = folder;
    const orders: readonly Order[] = config.orders === "both" ? ["ab", "ba"] : ["ab"];
    if (orders.length === 1 && state.orders.ba.answered > 0) throw scoredInBoth(variant);
    const file = join(folder.path, "rescored.jsonl");
    if (fresh) await disk.rm(file, { force: true });
    const again = { state: await resumeRun(file, dataset.ids.length, config.classes, disk), file };
    const answered = (row: number): boolean => orders.every((order) => isAnswered(state, row, order));
    return { ...job, ...variant, orders, again, answered };
  } catch (error) {
    await job[Symbol.asyncDispose]();
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
