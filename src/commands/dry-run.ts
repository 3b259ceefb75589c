import type { Config } from "../config/config.ts";
import { judgesOf } from "../config/judges.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { planRun } from "../deadline/run-plan.ts";
import type { Effects } from "../effects.ts";
import { filesOfRun } from "../job/job-files.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openFirstEngine } from "../job/open-first-engine.ts";
import { openJudge } from "../job/open-judge.ts";
import { openRows } from "../job/open-rows.ts";
import { packageVersion } from "../job/package-version.ts";
import { pinDate } from "../job/pin-date.ts";
import { planTimeLimits } from "../job/time-limits.ts";
import { estimateLengths } from "../judge/estimate-lengths.ts";
import { judgeWarnings } from "../judge/judge.ts";
import { followJournal } from "../runfolder/last-session.ts";
import { refuseOtherRun } from "../runfolder/manifest/check-manifest.ts";
import { refuseForeignOutput } from "../runfolder/ownership.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import { openJudgesPlan } from "./open-judges-plan.ts";
import type { PlannedRun } from "./plan.ts";
import type { RunOptions } from "./run.ts";

/** What a run would do. */
export interface DryRun {
  readonly plan: PlannedRun;
  /** Number of rows that an earlier session answered. */
  readonly answered: number;
  /** The model that would answer, by the name that its server reports; null when the server would have to be started. */
  readonly model: string | null;
  readonly submission: string;
  readonly runFolder: string;
}

/**
 * Does everything that a run does before it scores, and writes nothing: checks config, files, rows, template, labels, tokenizer and
 * run folder, opens a server that runs already, and makes the plan. A server that abtie would start is not started. Throws what the
 * run would throw.
 */
export async function dryRun(written: Config, options: RunOptions, effects: Effects): Promise<DryRun> {
  const { force, fresh, benchFile = null, tokensPerSecond = null } = options;
  const { cwd, disk, signal, log } = effects;
  await refuseOutputs(filesOfRun(written, { cwd, benchFile }), disk);
  if (!force) for (const judge of judgesOf(written)) await refuseForeignOutput(judge, disk);
  const config = await pinDate(written, fresh ? [] : [written.runFolder], effects);
  await using dataset = await openRows(config, signal, log);
  const loader = await createJudgeLoader(config, dataset, effects.clock);
  const { template } = loader;
  const { before } = await refuseOtherRun({
    config,
    dataset,
    template,
    version: await packageVersion(),
    force,
    fresh,
    effects,
  });
  const journal = `${config.runFolder}/journal.jsonl`;
  const answered =
    before === null
      ? 0
      : (await followJournal(journal, dataset.ids.length, config.classes, disk)).state.orders.ab.answered;
  const attaches = config.engine.kind === "attach";
  await using server = attaches ? await openFirstEngine(config, loader, effects) : null;
  await using local = server === null ? await openJudge(config, loader, effects) : null;
  const judge = (server ?? local)?.judge;
  if (judge === undefined) throw new Error("a judge was opened with or without a server");
  for (const text of judgeWarnings(judge)) log("warn", text);
  const lengths = await estimateLengths(judge, dataset, signal);
  const timeLimits = planTimeLimits(config.time, effects.startedAt);
  const planned = planRun(config, {
    lengths,
    exact: null,
    tokenBudget: judge.budget,
    startedAt: effects.startedAt,
    timeLimits,
    tokensPerSecond,
  });
  const { escalation } = config;
  if (escalation !== null) await refuseOtherSecond(escalation.second, dataset, options, effects);
  const first = { lengths, tokensPerSecond, timeLimits };
  const plan: PlannedRun =
    escalation === null ? planned : { ...planned, judges: await openJudgesPlan(config, dataset, first, effects) };
  const model = server?.engine.served.id ?? null;
  return { plan, answered, model, submission: config.output, runFolder: config.runFolder };
}

/** Throws AbtieError("config") when the run folder of the second judge holds answers of another one. Writes nothing. */
async function refuseOtherSecond(
  config: Config,
  dataset: Dataset,
  { force, fresh }: RunOptions,
  effects: Effects,
): Promise<void> {
  const dated = await pinDate(config, fresh ? [] : [config.runFolder], effects);
  const { template } = await createJudgeLoader(dated, dataset, effects.clock);
  await refuseOtherRun({ config: dated, dataset, template, version: await packageVersion(), force, fresh, effects });
}
