import type { Config } from "../config/config.ts";
import { secretsOf } from "../config/secrets-of.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import type { Pilot } from "../escalate/file.ts";
import type { EscalationModel } from "../escalate/model.ts";
import { type Aggregation, createAggregate } from "../judge/aggregate.ts";
import type { JudgeLoader } from "../judge/judge.ts";
import type { Combine } from "../judge/outcome.ts";
import type { PreparingThreads } from "../prompt/threads/threads.ts";
import type { Journal } from "../runfolder/journal/append.ts";
import { describeEvent } from "../runfolder/journal/describe-event.ts";
import { openRunFolder, type RunFolder } from "../runfolder/open-run-folder.ts";
import { createOwnership } from "../runfolder/ownership.ts";
import { allReadings } from "../runfolder/state/run-state.ts";
import type { Log } from "../types.ts";
import { createMassWatch, type MassWatch } from "./mass-watch.ts";
import { type JobParts, REAL_PARTS } from "./parts.ts";
import { pinDate } from "./pin-date.ts";
import { createPublisher, type Publisher, type SecondAnswers } from "./publisher.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { refuseVerdictColumns } from "./verdict-columns.ts";

/** The scoring job of one config: its rows, its judge, its run folder, and the writers of the results. */
export interface Job extends Aggregation, AsyncDisposable {
  readonly config: Config;
  readonly dataset: Dataset;
  readonly loader: JudgeLoader;
  readonly folder: RunFolder;
  readonly publisher: Publisher;
  readonly recorder: Recorder;
  readonly parts: JobParts;
  readonly massWatch: MassWatch;
  /** Number of threads that prepare rows beside the main one. */
  readonly threads: number;
  /** The job of the second of two judges; null in a run with one. */
  readonly second: SecondJob | null;
}

/** The second judge of a run, and how its answers are combined with those of the first. */
export interface SecondJob {
  readonly job: Job;
  readonly model: EscalationModel;
  readonly pilot: Pilot | null;
  /** SHA-256 of the file of the combination; null without one. */
  readonly combinationSha256: string | null;
  readonly combine: Combine;
}

export interface JobOptions {
  readonly config: Config;
  readonly dataset: Dataset;
  /**
   * Continue even if config, data, template or model changed since the run began, or if the labels get almost no probability.
   */
  readonly force: boolean;
  /** Discard the results in the run folder. */
  readonly fresh: boolean;
  /**
   * Gives the reason that the journal records for requests that the end of the session aborts; "aborted" without this function.
   */
  readonly abortReason?: () => "deadline" | "interrupted" | "aborted";
  /** Begins each message about the label mass, to tell several jobs apart. */
  readonly prefix?: string;
  /** Threads that prepare the rows; without them the main thread does. */
  readonly threads?: PreparingThreads;
  /** The second judge, whose job the caller has opened and closes; absent or null in a run with one. */
  readonly second?: SecondJob | null;
  /** Called for each row and order that is answered for the first time. */
  readonly onAnswer?: () => void;
  readonly effects: Effects;
  /** Default: the parts of a real job. */
  readonly parts?: JobParts;
}

/** What of a job is loaded before its run folder is opened. */
export interface LoadedJob extends Aggregation {
  readonly config: Config;
  readonly loader: JudgeLoader;
}

/**
 * Loads the judge of a job. Sends no request and changes no file. Throws AbtieError("config") for a wrong template, tokenizer or
 * calibration.
 */
export async function loadJob(options: JobOptions): Promise<LoadedJob> {
  const { dataset, fresh, effects, parts = REAL_PARTS } = options;
  const { clock, log } = effects;
  const config = await pinDate(options.config, fresh ? [] : [options.config.runFolder], effects);
  effects.redactor.add(secretsOf(config));
  const loader = await parts.createJudgeLoader(config, dataset, clock, options.threads);
  const aggregation = await createAggregate(config, loader.template, log);
  refuseVerdictColumns(config, dataset, aggregation.verdictOf);
  return { config, loader, ...aggregation };
}

/**
 * Resumes the journal of the run folder of a loaded job, whose lock the caller has taken. Sends no request and changes no results in
 * the folder, because the caller may still refuse the job before it calls publisher.publishFirst(). Throws AbtieError: "config" for a run
 * folder of another job; "data" for a damaged run folder.
 */
export async function openJob(options: JobOptions, loaded: LoadedJob): Promise<Job> {
  const { dataset, force, fresh, abortReason, second = null, effects, parts = REAL_PARTS } = options;
  const { clock, disk, log } = effects;
  const { config, loader, aggregate, calibration, verdictOf } = loaded;
  const { redact } = effects.redactor;
  const { template } = loader;
  const version = await parts.packageVersion();
  const folder = await openRunFolder({ config, dataset, template, version, force, fresh, effects });
  try {
    const { state, journal } = folder;
    const publisher = createPublisher({
      ids: dataset.ids,
      state,
      journal,
      aggregate,
      second: second === null ? null : answersOfSecond(second),
      verdictOf,
      prior: config.prior,
      submission: config.output,
      form: config.outputForm,
      input: dataset,
      rows: folder.rowsFile,
      columns: config.columns,
      classes: config.classes,
      clip: config.clip,
      clock,
      disk,
      ownership: createOwnership(config, disk),
      log,
    });
    const earlier = allReadings(state, "ab").map(({ mass }) => mass);
    const massWatch = createMassWatch({ earlier, force, hasMass: loader.hasMass, log, prefix: options.prefix ?? "" });
    const recorder = createRecorder({
      journal: withLog(journal, log),
      state,
      clock,
      redact,
      onAnswer: ({ order }, { mass }) => {
        // Before a publish that is due now: its content depends on the label mass of all answers.
        if (order === "ab") massWatch.add(mass);
        publisher.answered();
        options.onAnswer?.();
      },
      onDateChange: () =>
        log(
          "warn",
          "The server's chat template prints another date than for the first rows, and takes none from outside: the prompts of the " +
            'rows differ in it. They are marked with "otherDate" in rows.jsonl.',
        ),
      abortReason,
    });
    return {
      config,
      dataset,
      loader,
      aggregate,
      verdictOf,
      calibration,
      folder,
      publisher,
      recorder,
      parts,
      massWatch,
      threads: options.threads?.count ?? 0,
      second,
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

function answersOfSecond({ job, combine }: SecondJob): SecondAnswers {
  const { folder, massWatch } = job;
  return { state: folder.state, journal: folder.journal, combine, isUsed: () => !massWatch.isTooLow() };
}

/** Logs each event that a person can follow before it is appended. */
function withLog(journal: Journal, log: Log): Journal {
  const append: Journal["append"] = (event) => {
    const text = describeEvent(event);
    if (text !== null) log("debug", text);
    journal.append(event);
  };
  return { ...journal, append };
}
