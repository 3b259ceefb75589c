import { levelOf } from "../concurrency/setting.ts";
import type { Config } from "../config/config.ts";
import { meansOf, type Poll } from "./engine-polls.ts";

/** A setting of the server that the bench did not try, and its forecast gain. */
export interface Suggestion {
  readonly setting: "max_num_batched_tokens";
  readonly value: number;
  /** Time with the present setting divided by the forecast time with this setting. */
  readonly gain: number;
}

/**
 * Forecasts the gain of steps with more tokens, from the polls of a bench. Null when the engine does not report the
 * metrics that this needs. `batchedTokens` is the server's max_num_batched_tokens; null when unknown.
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

/** Properties of the engine's steps, computed from its metrics. */
export interface StepEvidence {
  /** With one prompt at a time, so that each step has one prompt: mean tokens of a step, and its duration in ms. */
  readonly alone: { readonly tokens: number; readonly ms: number };
  /** At the best setting, at which the engine never idles: mean tokens of a step, and its duration in ms. */
  readonly full: { readonly tokens: number; readonly ms: number };
  /** Mean number of prompts that waited inside the engine at the best setting. */
  readonly waiting: number;
  /** Largest number of tokens of a step; null when unknown. */
  readonly limit: number | null;
}

/**
 * If full steps have less than 1.5 times the tokens of single-prompt steps, the fixed time of a step cannot be
 * computed.
 */
const LEAST_RATIO = 1.5;
/** A full step may have up to 5 % fewer tokens than the limit, because the next prompt did not fit. */
const FULL = 0.95;

/**
 * Forecasts the gain of steps with twice the tokens. A step of T tokens takes s + t * T ms, so one of its tokens costs
 * s / T + t. The numbers s and t follow from steps with few tokens and steps with many. Null when fewer than one prompt
 * waited in the engine, because longer steps would then not be full, and when both kinds of step have nearly the same
 * length.
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

/**
 * Reads max_num_batched_tokens from the arguments of a server that abtie starts; null when the arguments do not contain
 * it.
 */
export function batchedTokensOf(engine: Config["engine"]): number | null {
  if (engine.kind !== "spawn") return null;
  const flag = "--max-num-batched-tokens";
  const args = engine.args.map(String);
  const at = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const value = Number(args[at] === flag ? args[at + 1] : args[at]?.split("=")[1]);
  return Number.isInteger(value) && value > 0 ? value : null;
}

/** A mean over fewer than 4 steps or prompts is not reliable. */
const LEAST_COUNT = 4;

/** Computes the mean number of tokens and the mean duration (ms) of the steps between the first and the last poll. */
function meanStep(polls: readonly Poll[]): StepEvidence["full"] | null {
  const [first, last] = [polls[0], polls.at(-1)];
  const [from, to] = [first?.metrics.steps ?? null, last?.metrics.steps ?? null];
  if (first === undefined || last === undefined || from === null || to === null) return null;
  const count = to.count - from.count;
  return count < LEAST_COUNT ? null : { tokens: (to.tokens - from.tokens) / count, ms: (last.at - first.at) / count };
}

/** Computes the mean time during which a prompt was computed, ms. */
function meanPrefillMs(polls: readonly Poll[]): number | null {
  const [from, to] = [polls[0]?.metrics.prefillTime ?? null, polls.at(-1)?.metrics.prefillTime ?? null];
  if (from === null || to === null || to.count - from.count < LEAST_COUNT) return null;
  return (1_000 * (to.seconds - from.seconds)) / (to.count - from.count);
}
