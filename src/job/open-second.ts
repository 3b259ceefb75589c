import type { Config } from "../config/config.ts";
import { defaultEscalation } from "../escalate/model.ts";
import { createCombination } from "../judge/aggregate.ts";
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

async function openSecond(
  options: JobOptions,
  { names, second: config }: NonNullable<Config["escalation"]>,
  onAnswer: () => void,
): Promise<SecondJob> {
  const model = defaultEscalation(config.classes);
  const { threads: _threads, ...others } = options;
  const job = await openJob({ ...others, config, prefix: `${names[1]}: `, onAnswer });
  return { job, model, combine: createCombination(model, options.config) };
}
