import { allEnded } from "../all-ended.ts";
import type { Config, Escalation } from "../config/config.ts";
import { defaultEscalation } from "../escalate/model.ts";
import { type CombinationFile, createCombination, readEscalation } from "../judge/aggregate.ts";
import { loadTemplate } from "../prompt/template/template.ts";
import { refuseOtherJudges } from "../runfolder/other-judges.ts";
import type { Log } from "../types.ts";
import { type Job, type JobOptions, loadJob, openJob, type SecondJob } from "./open-job.ts";

/** The job of a run, and with two judges that of the second, which `job.second` names. */
export interface OpenedJobs extends AsyncDisposable {
  readonly job: Job;
}

/**
 * Opens the job of a config, and that of its second judge if there is one. Both judges are loaded before either run folder is touched, so
 * that a mistake in one leaves the answers of the other. See loadJob and openJob; throws AbtieError("config") also for a run folder with
 * the answers of another second judge.
 */
export async function openJobs(options: JobOptions): Promise<OpenedJobs> {
  const { config, effects } = options;
  const { escalation } = config;
  const load = escalation === null ? null : await loadSecond(options, escalation);
  const loaded = await loadJob(options);
  await refuseOtherJudges(config, options, effects);
  if (load === null) {
    const job = await openJob(options, loaded);
    return { job, [Symbol.asyncDispose]: () => job[Symbol.asyncDispose]() };
  }
  const opened: { job: Job | null } = { job: null };
  const second = await load.open(() => opened.job?.publisher.answered());
  try {
    const job = await openJob({ ...options, second }, loaded);
    opened.job = job;
    const close = async (): Promise<void> => {
      await allEnded([job[Symbol.asyncDispose](), second.job[Symbol.asyncDispose]()]);
    };
    return { job, [Symbol.asyncDispose]: close };
  } catch (error) {
    await second.job[Symbol.asyncDispose]();
    throw error;
  }
}

async function loadSecond(
  options: JobOptions,
  escalation: Escalation,
): Promise<{ readonly open: (onAnswer: () => void) => Promise<SecondJob> }> {
  const { names, second: config } = escalation;
  const { model, pilot, sha256 } = await readModel(options.config, escalation, options.effects.log);
  const { threads: _threads, ...others } = options;
  const own: JobOptions = { ...others, config, prefix: `${names[1]}: ` };
  const loaded = await loadJob(own);
  return {
    open: async (onAnswer) => {
      const job = await openJob({ ...own, onAnswer }, loaded);
      return { job, model, pilot, combinationSha256: sha256, combine: createCombination(model, options.config) };
    },
  };
}

/**
 * Reads how the answers of two judges are combined; without a file, the usual way. Throws AbtieError("config") for a file that cannot be
 * read or does not fit the judges.
 */
export async function readModel(
  first: Config,
  { second, combination }: Escalation,
  log: Log,
): Promise<Omit<CombinationFile, "sha256"> & { readonly sha256: string | null }> {
  if (combination === null) return { model: defaultEscalation(first.classes), pilot: null, sha256: null };
  const judge = async ({ engine, template, labels }: Config) => ({
    engine,
    template: await loadTemplate(template, labels),
  });
  return readEscalation(combination, [await judge(first), await judge(second)], log);
}
