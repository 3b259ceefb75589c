import type { Config, Escalation } from "../config/config.ts";
import { defaultEscalation, type EscalationModel } from "../escalate/model.ts";
import { createCombination, readEscalation } from "../judge/aggregate.ts";
import { loadTemplate } from "../prompt/template/template.ts";
import type { Log } from "../types.ts";
import { type Job, type JobOptions, openJob, type SecondJob } from "./open-job.ts";

/** The job of a run, and with two judges that of the second, which `job.second` names. */
export interface OpenedJobs extends AsyncDisposable {
  readonly job: Job;
}

/**
 * Opens the job of a config, and before it that of its second judge if there is one, so that a mistake in either shows before a server
 * is started. See openJob.
 */
export async function openJobs(options: JobOptions): Promise<OpenedJobs> {
  const { escalation } = options.config;
  if (escalation === null) {
    const job = await openJob(options);
    return { job, [Symbol.asyncDispose]: () => job[Symbol.asyncDispose]() };
  }
  const opened: { job: Job | null } = { job: null };
  const second = await openSecond(options, escalation, () => opened.job?.publisher.answered());
  try {
    const job = await openJob({ ...options, second });
    opened.job = job;
    const close = async (): Promise<void> => {
      await job[Symbol.asyncDispose]();
      await second.job[Symbol.asyncDispose]();
    };
    return { job, [Symbol.asyncDispose]: close };
  } catch (error) {
    await second.job[Symbol.asyncDispose]();
    throw error;
  }
}

async function openSecond(options: JobOptions, escalation: Escalation, onAnswer: () => void): Promise<SecondJob> {
  const { names, second: config } = escalation;
  const model = await readModel(options.config, escalation, options.effects.log);
  const { threads: _threads, ...others } = options;
  const job = await openJob({ ...others, config, prefix: `${names[1]}: `, onAnswer });
  return { job, model, combine: createCombination(model, options.config) };
}

/**
 * Reads how the answers of two judges are combined; without a file, the usual way. Throws AbtieError("config") for a file that cannot be
 * read or does not fit the judges.
 */
export async function readModel(
  first: Config,
  { second, combination }: Escalation,
  log: Log,
): Promise<EscalationModel> {
  if (combination === null) return defaultEscalation(first.classes);
  const judge = async ({ engine, template, labels }: Config) => ({
    engine,
    template: await loadTemplate(template, labels),
  });
  return readEscalation(combination, [await judge(first), await judge(second)], log);
}
