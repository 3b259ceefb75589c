import { join } from "node:path";
import { findBench } from "../bench/bench-file.ts";
import type { Config } from "../config/config.ts";
import { takeTurns } from "../config/judges.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Budget } from "../deadline/budget.ts";
import type { Effects } from "../effects.ts";
import { knownStart } from "../job/engine-guesses.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openJudge } from "../job/open-judge.ts";
import { readModel } from "../job/open-second.ts";
import { pinDate } from "../job/pin-date.ts";
import { type JudgesPlan, planJudges } from "../job/plan-judges.ts";
import { estimateLengths } from "../judge/estimate-lengths.ts";
import { judgeWarnings } from "../judge/judge.ts";
import { mean } from "../numbers/sums.ts";
import { followJournal } from "../runfolder/last-session.ts";

/** What is known of the first judge. */
export interface FirstJudge {
  readonly lengths: readonly number[];
  /** Null when its speed was not measured. */
  readonly tokensPerSecond: number | null;
  readonly timeLimits: Budget | null;
}

/**
 * Opens the second judge of a config, so that mistakes in it show, and plans what both do. Null for a config with one judge, and while
 * the speed of the first is unknown. Throws AbtieError: config, data, engine.
 */
export async function openJudgesPlan(
  config: Config,
  dataset: Dataset,
  { lengths, tokensPerSecond, timeLimits }: FirstJudge,
  effects: Effects,
): Promise<JudgesPlan | null> {
  const { escalation } = config;
  if (escalation === null) return null;
  const second = await pinDate(escalation.second, [config.runFolder], effects);
  const { model, pilot } = await readModel(config, escalation, effects.log);
  await using opened = await openJudge(second, await createJudgeLoader(second, dataset, effects.clock), effects);
  for (const text of judgeWarnings(opened.judge)) effects.log("warn", `${escalation.names[1]}: ${text}`);
  if (tokensPerSecond === null) return null;
  const secondLengths = await estimateLengths(opened.judge, dataset, effects.signal);
  const stateOf = async ({ runFolder, classes }: Config) =>
    (await followJournal(join(runFolder, "journal.jsonl"), dataset.ids.length, classes, effects.disk)).state;
  const states = [await stateOf(config), await stateOf(second)] as const;
  const { msPerRow } = states[1];
  const measured =
    (await findBench(second))?.tokensPerSecond ?? (msPerRow === null ? null : (1_000 * mean(secondLengths)) / msPerRow);
  return planJudges(config, {
    sharing: takeTurns(config, second) ? "turns" : "side-by-side",
    model,
    pilot,
    lengths: [lengths, secondLengths],
    tokensPerSecond: [tokensPerSecond, measured],
    startUpSeconds: [knownStart(config, states[0]), knownStart(second, states[1])],
    workSeconds: timeLimits === null ? null : (timeLimits.workEndAt - timeLimits.startedAt) / 1_000,
  });
}
