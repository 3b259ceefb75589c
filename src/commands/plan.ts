import type { Config, LadderStep } from "../config/config.ts";
import { parseDeadline } from "../config/deadline.ts";
import { planBudget } from "../deadline/budget.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { ladderOf } from "../job/ladder.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openRows } from "../job/open-rows.ts";
import { createTokenCache } from "../judge/token-cache.ts";
import { quantiles } from "../numbers/quantile.ts";
import { sum } from "../numbers/sums.ts";

export interface PlanOptions {
  /** Prompt tokens that the engine reads in a second; null when nobody knows. */
  readonly tokensPerSecond: number | null;
  /** Keep the tokens in the run folder, so that `run` need not tokenise again. */
  readonly keepTokens: boolean;
}

/** What `run` would do. */
export interface Plan {
  readonly input: string;
  readonly template: string;
  readonly rows: number;
  /** Tokens that a prompt may take. */
  readonly budget: number;
  /** Prompt tokens of the rows as they would be sent. */
  readonly tokens: { readonly total: number; readonly quantiles: Readonly<Record<string, number>> };
  /** Rows shortened to fit, and the tokens cut from them on average. */
  readonly shortened: { readonly rows: number; readonly meanCut: number };
  readonly neutralised: number;
  readonly order: string;
  /** The ladder, best step first, with what all rows would cost on it. */
  readonly steps: readonly PlannedStep[];
  /** Seconds for scoring until the deadline's reserve begins, start-up not counted; null without a deadline. */
  readonly secondsForWork: number | null;
}

/** A step of the ladder with what all rows would cost on it; `context` is null for as many tokens as the model takes. */
interface PlannedStep extends LadderStep {
  readonly tokens: number;
  /** Null when no speed is known. */
  readonly seconds: number | null;
}

const QUANTILES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1] as const;

/** Tokenises every row and says what `run` would do; asks no server. Throws AbtieError: config, data. */
export async function plan(config: Config, options: PlanOptions, effects: Effects): Promise<Plan> {
  await using dataset = await openRows(config, effects.signal);
  const opener = await createJudgeLoader(config, dataset);
  if (!opener.local) {
    throw new AbtieError("config", "a plan needs the model's tokenizer: name its folder as engine.tokenizer");
  }
  const judging = await opener.open(null);
  await using keeper = options.keepTokens ? await createTokenCache(config, dataset, judging) : null;
  const lengths: number[] = [];
  let [shortenedRows, cut, neutralised] = [0, 0, 0];
  for (const row of dataset.ids.keys()) {
    effects.signal.throwIfAborted();
    const task = await judging.prepare(row, "ab", null);
    await keeper?.add(task);
    lengths.push(task.ids.length);
    if (task.cutTokens > 0) shortenedRows += 1;
    cut += task.cutTokens;
    if (task.neutralised > 0) neutralised += 1;
    effects.progress({ stage: "step", name: "tokenising", text: `${row + 1} of ${dataset.ids.length} rows` });
  }
  await keeper?.finish();
  const total = sum(lengths);
  const quantileTokens = quantiles(lengths, QUANTILES).map(Math.round);
  const steps = ladderOf(config, judging.budget).map(({ name, kind, tokenBudget }) => {
    const once = sum(lengths.map((length) => Math.min(length, tokenBudget ?? length)));
    const tokens = kind === "prior" ? 0 : kind === "both-orders" ? 2 * once : once;
    const { tokensPerSecond } = options;
    return {
      name,
      kind,
      context: tokenBudget,
      tokens,
      seconds: tokensPerSecond === null ? null : tokens / tokensPerSecond,
    };
  });
  return {
    input: config.input,
    template: config.template,
    rows: dataset.ids.length,
    budget: judging.budget,
    tokens: {
      total,
      quantiles: Object.fromEntries(QUANTILES.map((share, k) => [`${100 * share} %`, quantileTokens[k] ?? 0])),
    },
    shortened: { rows: shortenedRows, meanCut: cut / Math.max(1, shortenedRows) },
    neutralised,
    order: "a tenth of the rows, of all lengths, then the longest first; or the shortest first while time is short",
    steps,
    secondsForWork: secondsForWork(config, effects),
  };
}

function secondsForWork({ time }: Config, { startedAt }: Effects): number | null {
  if (time.deadline === null) return null;
  const from = time.startedAt === null ? startedAt : Date.parse(time.startedAt);
  const budget = planBudget(from, parseDeadline(time.deadline, from), time.reserveMs);
  return (budget.workEndAt - startedAt) / 1000;
}
