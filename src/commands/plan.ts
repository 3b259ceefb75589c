import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { type PlanInput, planRun, type RunPlan } from "../deadline/run-plan.ts";
import type { Effects } from "../effects.ts";
import { readConfigJson } from "../engine/config-json.ts";
import { estimateMemory, type MemoryEstimate, readShape } from "../engine/memory.ts";
import { AbtieError } from "../errors.ts";
import { formatCount, plural } from "../format.ts";
import { filesInRunFolder } from "../job/job-files.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openJudge } from "../job/open-judge.ts";
import { openRows } from "../job/open-rows.ts";
import { pinDate } from "../job/pin-date.ts";
import type { JudgesPlan } from "../job/plan-judges.ts";
import { planTimeLimits } from "../job/time-limits.ts";
import { type Judge, judgeWarnings } from "../judge/judge.ts";
import { createTokenCache } from "../judge/token-cache.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import { openJudgesPlan } from "./open-judges-plan.ts";

export interface PlanOptions {
  /** Prompt tokens that the engine reads in a second; null when it was not measured. */
  readonly tokensPerSecond: number | null;
  /** Keep the tokens in the run folder, so that `run` need not tokenise again. */
  readonly keepTokens: boolean;
  /** The bench.json that the speed is from: no output may overwrite it. */
  readonly benchFile?: string | null;
}

/** The plan of a run, and of its two judges: null while the speed of the first is unknown, absent for a run with one judge. */
export type PlannedRun = RunPlan & { readonly judges?: JudgesPlan | null };

/**
 * Tokenises every row and makes the plan that `run` would execute. Asks a server only when the config attaches to one and names
 * no tokenizer folder. Throws AbtieError: config, data, engine.
 */
export async function plan(written: Config, options: PlanOptions, effects: Effects): Promise<PlannedRun> {
  if (options.keepTokens) {
    const { cwd } = effects;
    const { benchFile = null } = options;
    await refuseOutputs(filesInRunFolder(written, ["tokens.bin", "tokens.bin.tmp"], { cwd, benchFile }));
  }
  const config = await pinDate(written, [written.runFolder], effects);
  await using dataset = await openRows(config, effects.signal, effects.log);
  const loader = await createJudgeLoader(config, dataset, effects.clock);
  await using opened = await openJudge(config, loader, effects);
  const { judge } = opened;
  for (const text of judgeWarnings(judge)) effects.log("warn", text);
  const { tokensPerSecond } = options;
  const timeLimits = planTimeLimits(config.time, effects.startedAt);
  const tokenised = await tokeniseAll(config, dataset, judge, options, effects);
  const { lengths } = tokenised;
  const planned = planRun(config, {
    ...tokenised,
    tokenBudget: judge.budget,
    startedAt: effects.startedAt,
    timeLimits,
    tokensPerSecond,
  });
  if (config.escalation === null) return planned;
  return {
    ...planned,
    judges: await openJudgesPlan(config, dataset, { lengths, tokensPerSecond, timeLimits }, effects),
  };
}

/**
 * Estimates what of the config's model fits one GPU of `gpuBytes`, for prompts of at most `promptTokens` tokens. Reads the model's
 * config.json, and asks no server. Throws AbtieError("config") when there is none, or when the model's size cannot be computed.
 */
export async function planMemory(
  { engine }: Pick<Config, "engine">,
  gpu: { readonly gpuBytes: number; readonly promptTokens: number },
): Promise<readonly MemoryEstimate[]> {
  const folder = engine.kind === "spawn" ? engine.model : engine.tokenizer;
  const found = folder === null ? null : await readConfigJson(folder);
  if (found === null) throw noModelFolder(folder);
  return estimateMemory(readShape(found.text, found.path), gpu);
}

function noModelFolder(folder: string | null): AbtieError {
  const found = folder === null ? "the config names no folder" : `${folder} has none`;
  const remedy = "name the model folder as engine.model, or as engine.tokenizer of a server that runs";
  return new AbtieError("config", `the memory of a model is computed from its config.json, and ${found}: ${remedy}`);
}

/** A server tokenises several rows at a time. */
const ROWS_AT_ONCE = 16;

async function tokeniseAll(
  config: Config,
  dataset: Dataset,
  judge: Judge,
  { keepTokens }: PlanOptions,
  { signal, progress }: Effects,
): Promise<Pick<PlanInput, "lengths" | "exact">> {
  await using cache = keepTokens ? await createTokenCache(config, dataset, judge) : null;
  const lengths: number[] = [];
  let [shortenedRows, cutTokens, neutralisedRows] = [0, 0, 0];
  for (let row = 0; row < dataset.ids.length; row += ROWS_AT_ONCE) {
    signal.throwIfAborted();
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, dataset.ids.length - row) }, (_, at) => row + at);
    for (const task of await Promise.all(rows.map((index) => judge.prepare(index, "ab", null)))) {
      await cache?.add(task);
      lengths.push(task.ids.length);
      if (task.cutTokens > 0) shortenedRows += 1;
      cutTokens += task.cutTokens;
      if (task.neutralised > 0) neutralisedRows += 1;
    }
    progress({
      stage: "step",
      name: "tokenising",
      text: `${formatCount(lengths.length)} of ${plural(dataset.ids.length, "row")}`,
    });
  }
  await cache?.finish();
  const shortened = { rows: shortenedRows, meanCut: cutTokens / Math.max(1, shortenedRows) };
  return { lengths, exact: { shortened, neutralisedRows } };
}
