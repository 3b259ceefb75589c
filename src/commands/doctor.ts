import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { describeData } from "../doctor/data.ts";
import { type Finding, fromError } from "../doctor/finding.ts";
import { checkMachine } from "../doctor/machine.ts";
import { checkPrompts } from "../doctor/prompts.ts";
import { checkServer } from "../doctor/server.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { refuseOverwrite } from "../files/refuse-overwrite.ts";
import { filesOfRun } from "../job/job-files.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openRows } from "../job/open-rows.ts";
import { pinDate } from "../job/pin-date.ts";
import type { Judge, JudgeServer } from "../judge/judge.ts";
import { engineOpeners } from "../pool/open-engines.ts";
import { refuseForeignOutput } from "../runfolder/ownership.ts";

export interface DoctorOptions {
  /** Start or attach the server too; without it, only the rest is checked. */
  readonly server: boolean;
}

/**
 * Checks everything that a run of this config needs, before hours are spent on it. `onFinding` gets each finding as it is made. A check
 * that depends on one that failed is left out.
 */
export async function doctor(
  config: Config,
  options: DoctorOptions,
  effects: Effects,
  onFinding: (finding: Finding) => void,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const add = (found: readonly Finding[]): void => {
    findings.push(...found);
    for (const finding of found) onFinding(finding);
  };
  if (config.engine.kind === "spawn") add(await checkMachine(config.engine, effects));
  let mayWrite = false;
  await reportErrors("files", add, async () => {
    await refuseOverwrite(filesOfRun(config, effects));
    await refuseForeignOutput(config, effects.disk);
    mayWrite = true;
  });
  await reportErrors("rows", add, async () => {
    await using dataset = await openRows(config, effects.signal);
    add(describeData(dataset));
    // A server writes its log into the run folder.
    await checkJudging(config, dataset, { server: options.server && mayWrite }, effects, add);
  });
  return findings;
}

async function checkJudging(
  config: Config,
  dataset: Dataset,
  options: DoctorOptions,
  effects: Effects,
  add: (found: readonly Finding[]) => void,
): Promise<void> {
  await reportErrors("prompt", add, async () => {
    const dated = await pinDate(config, [config.runFolder], effects);
    const loader = await createJudgeLoader(dated, dataset, effects.clock);
    const early = loader.local ? await loader.open(null) : null;
    if (early !== null) add(await checkPrompts(early, dataset, effects.signal));
    if (!options.server) return;
    await reportErrors("server", add, async () => {
      let judge: Judge | null = early;
      const probe = async (server: JudgeServer) => {
        const probed = await loader.probe(server);
        judge = probed.judge;
        return probed.input;
      };
      const [opener] = engineOpeners({ config, effects, logFolder: config.runFolder, probe });
      if (opener === undefined) throw new AbtieError("config", "the config names no engine");
      await using engine = await opener.open(effects.signal);
      if (judge === null) throw new Error("an engine that is open has been probed");
      if (early === null) add(await checkPrompts(judge, dataset, effects.signal));
      add(await checkServer(engine, judge, dataset, effects.signal));
    });
  });
}

async function reportErrors(
  check: string,
  add: (found: readonly Finding[]) => void,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof AbtieError && cause.code === "interrupted") throw cause;
    add([fromError(check, cause)]);
  }
}
