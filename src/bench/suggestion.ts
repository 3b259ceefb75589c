import { levelOf } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";
import { meansOf, type Poll } from "./engine-polls.ts";

/** A setting of the server that was not tried, and its forecast gain. */
export interface Suggestion {
  readonly setting: "max_num_batched_tokens";
  readonly value: number;
  /** Time now divided by the forecast time with the setting. */
  readonly gain: number;
}

/**
 * Forecasts the gain of longer steps from the polls of a bench. Null where the engine does not report what that needs.
 * `batchedTokens` is the max_num_batched_tokens of the server; null when it is not known.
 */
export function suggestionOf(
  polls: readonly Poll[],
  tokensPerRow: number,
  batchedTokens: number | null,
): Suggestion | null {
  const alone = polls.filter(({ stage }) => stage.kind === "level" && levelOf(stage.setting) === 1);
  const full = polls.filter(({ stage }) => stage.kind === "sample");
  const step = meanStep(full);
  const prefillMs = meanPrefillMs(alone);
  const waiting = meansOf(full, () => true)?.waiting ?? null;
  if (step === null || prefillMs === null || waiting === null) return null;
  return suggestLongerSteps({
    alone: { tokens: tokensPerRow, ms: prefillMs },
    full: step,
    waiting,
    limit: batchedTokens,
  });
}

/** The steps of the engine, as its metrics show them. */
export interface StepEvidence {
  /** One prompt at a time, each in a step of its own: mean tokens of a step, and its ms. */
  readonly alone: { readonly tokens: number; readonly ms: number };
  /** At the best setting, the engine never idle: mean tokens of a step, and its ms. */
  readonly full: { readonly tokens: number; readonly ms: number };
  /** Mean number of prompts that waited inside the engine meanwhile. */
  readonly waiting: number;
  /** Most tokens of a step; null when not known. */
  readonly limit: number | null;
}

/** When full steps have less than 1.5 times the tokens of single ones, the fixed time of a step cannot be computed. */
const LEAST_RATIO = 1.5;
/** A full step may lack 5 % of its tokens, because the next prompt did not fit. */
const FULL = 0.95;

/**
 * Forecasts the gain of steps with twice the tokens. A step takes s + t * tokens; s and t follow from steps with few tokens
 * and with many, and a token of a step of T tokens costs s / T + t. Null when fewer than one prompt waited in the engine, so
 * that longer steps would not be full, or when both kinds of step have nearly the same length.
 */
export function suggestLongerSteps({ alone, full, waiting, limit }: StepEvidence): Suggestion | null {
  if (waiting < 1 || full.tokens < LEAST_RATIO * alone.tokens) return null;
  const tokenMs = Math.max(0, (full.ms - alone.ms) / (full.tokens - alone.tokens));
  const stepMs = Math.max(0, full.ms - tokenMs * full.tokens);
  const now = limit ?? 2 ** Math.ceil(Math.log2(FULL * full.tokens));
  const msPerToken = (tokens: number): number => stepMs / tokens + tokenMs;
  return {
    setting: "max_num_batched_tokens",
    value: 2 * now,
    gain: msPerToken(full.tokens) / msPerToken(2 * full.tokens),
  };
}

/** Reads max_num_batched_tokens from the arguments of a server that abtie starts; null when they do not set it. */
export function batchedTokensOf(engine: Config["engine"]): number | null {
  if (engine.kind !== "spawn") return null;
  const flag = "--max-num-batched-tokens";
  const at = engine.args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const value = Number(engine.args[at] === flag ? engine.args[at + 1] : engine.args[at]?.split("=")[1]);
  return Number.isInteger(value) && value > 0 ? value : null;
}

/** Means over fewer than 4 steps or prompts are not reliable. */
const LEAST_COUNT = 4;

/** Computes the mean tokens and ms of a step between the first and the last poll. */
function meanStep(polls: readonly Poll[]): StepEvidence["full"] | null {
  const [first, last] = [polls[0], polls.at(-1)];
  const [from, to] = [first?.metrics.steps ?? null, last?.metrics.steps ?? null];
  if (first === undefined || last === undefined || from === null || to === null) return null;
  const count = to.count - from.count;
  return count < LEAST_COUNT ? null : { tokens: (to.tokens - from.tokens) / count, ms: (last.at - first.at) / count };
}

/** Computes the mean time for which a prompt was computed, ms. */
function meanPrefillMs(polls: readonly Poll[]): number | null {
  const [from, to] = [polls[0]?.metrics.prefillTime ?? null, polls.at(-1)?.metrics.prefillTime ?? null];
  if (from === null || to === null || to.count - from.count < LEAST_COUNT) return null;
  return (1_000 * (to.seconds - from.seconds)) / (to.count - from.count);
}
