import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { outputColumns } from "../dataset/submission/output-columns.ts";
import { compareEngines, configAgainst } from "../doctor/against.ts";
import { describeData } from "../doctor/data.ts";
import { type Finding, fromError } from "../doctor/finding.ts";
import { checkMachine } from "../doctor/machine.ts";
import { checkPrompts } from "../doctor/prompts.ts";
import { checkServer } from "../doctor/server.ts";
import { worstFirst } from "../doctor/verdict.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { filesOfRun } from "../job/job-files.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openFirstEngine } from "../job/open-first-engine.ts";
import { openRows } from "../job/open-rows.ts";
import { pinDate } from "../job/pin-date.ts";
import { refuseForeignOutput } from "../runfolder/ownership.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";

export interface DoctorOptions {
  /** Start or attach the server too; without it, only the rest is checked. */
  readonly server: boolean;
  /** A second server that runs: both get the same prompts, and the differences of their answers are reported. */
  readonly against?: SecondEngine;
}

interface SecondEngine {
  readonly url: string;
  /** Name of the model on that server; null if the server lists only one model. */
  readonly model: string | null;
}

/**
 * Checks everything that a run of this config needs, before hours are spent on it. Gives the findings, errors first. A check that
 * depends on one that failed is left out.
 */
export async function doctor(config: Config, options: DoctorOptions, effects: Effects): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const add: Add = (found) => findings.push(...found);
  const judges = namedJudges(config);
  for (const { judge, of } of judges) {
    if (judge.engine.kind === "spawn") of(add)(await checkMachine(judge.engine, effects));
  }
  let mayWrite = false;
  await reportErrors("files", add, async () => {
    await refuseOutputs(filesOfRun(config, effects));
    for (const { judge } of judges) await refuseForeignOutput(judge, effects.disk);
    mayWrite = true;
  });
  await reportErrors("rows", add, async () => {
    await using dataset = await openRows(config, effects.signal);
    await reportErrors(
      "files",
      add,
      async () => void outputColumns(config.outputForm, { ...config.columns, classes: config.classes }, dataset),
    );
    // A server writes its log into the run folder.
    for (const { judge, of } of judges) {
      await checkJudging(judge, dataset, { ...options, server: options.server && mayWrite }, effects, of(add));
    }
    add(describeData(dataset, config.classes));
  });
  return worstFirst(findings);
}

type Add = (found: readonly Finding[]) => void;

/** Lists the judges of a config. With two, `of` puts the name of the judge before each of its checks. */
function namedJudges(config: Config): readonly { readonly judge: Config; readonly of: (add: Add) => Add }[] {
  const { escalation } = config;
  if (escalation === null) return [{ judge: config, of: (add) => add }];
  const named =
    (name: string) =>
    (add: Add): Add =>
    (found) =>
      add(found.map((finding) => ({ ...finding, check: `${name}: ${finding.check}` })));
  const [first, second] = escalation.names;
  return [
    { judge: config, of: named(first) },
    { judge: escalation.second, of: named(second) },
  ];
}

async function checkJudging(
  config: Config,
  dataset: Dataset,
  options: DoctorOptions,
  effects: Effects,
  add: Add,
): Promise<void> {
  await reportErrors("prompt", add, async () => {
    const dated = await pinDate(config, [config.runFolder], effects);
    const loader = await createJudgeLoader(dated, dataset, effects.clock);
    const early = loader.local ? await loader.open(null) : null;
    if (early !== null) add(await checkPrompts(early, dataset, effects.signal));
    if (!options.server) return;
    await reportErrors("server", add, async () => {
      await using opened = await openFirstEngine(config, loader, effects);
      const { engine, judge } = opened;
      if (early === null) add(await checkPrompts(judge, dataset, effects.signal));
      add(await checkServer(engine, judge, config, dataset, effects.signal));
      const { against } = options;
      if (against === undefined) return;
      await reportErrors("against", add, async () => {
        const second = configAgainst(config, against.url, against.model);
        await using other = await openFirstEngine(second, loader, effects);
        add(await compareEngines([engine, judge], [other.engine, other.judge], dataset, effects.signal));
      });
    });
  });
}

async function reportErrors(check: string, add: Add, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof AbtieError && cause.code === "interrupted") throw cause;
    add([fromError(check, cause)]);
  }
}
