import type { FaultRule } from "./faults.ts";

/** What a fake server is like. It can be changed while the server runs. */
export interface FakeSettings {
  /** Name of the model, in /v1/models and in requests. */
  readonly modelName: string;
  /** The weights that /v1/models lists; null: the name of the model. */
  readonly root: string | null;
  /** Further models of /v1/models. */
  readonly cards: readonly Readonly<Record<string, unknown>>[];
  /** True: /v1/models lists no model, as while one is loading. */
  readonly listsNothing: boolean;
  /** Name of the model in the answers, as of a gateway; null: the name of the model. */
  readonly answersAs: string | null;
  /** The version of vLLM that /version gives. */
  readonly version: string;
  /** The key that requests below /v1 must have; null: any or none. */
  readonly apiKey: string | null;
  /** Context length in tokens. */
  readonly maxModelLen: number;
  /** Most log probabilities of the most likely tokens in one answer. */
  readonly maxLogprobs: number;
  /** Most prompts of a request; more are refused with 413. Null: no limit. */
  readonly maxPrompts: number | null;
  readonly logprobsMode: "raw_logprobs" | "processed_logprobs" | "raw_logits" | "processed_logits";
  /** The request fields that the server knows; it ignores others, as an old server does. */
  readonly fields: readonly string[];
  /** Which of /version, /tokenize, /detokenize and /metrics exist. */
  readonly pages: readonly string[];
  /** Number of tokens of the model. */
  readonly vocab: number;
  /** Seed of everything that looks random: log probabilities, noise of the speed, faults. */
  readonly seed: number;
  /** Time (ms) that is added to each request beside the device. */
  readonly constantMs: number;
  /** Time (ms) of the device per prompt token. The device takes one request after the other. */
  readonly msPerToken: number;
  /** Time (ms) of the device per prompt. */
  readonly msPerPrompt: number;
  /** Multiplies all three times. */
  readonly slowFactor: number;
  /** Relative, deterministic variation of the time of the device, 0 to 1. */
  readonly noise: number;
  readonly faults: readonly FaultRule[];
}

/** A fast server without faults, in the manner of vLLM 0.32. */
export const DEFAULT_SETTINGS: FakeSettings = {
  modelName: "fake",
  root: null,
  cards: [],
  listsNothing: false,
  answersAs: null,
  version: "0.32.0",
  apiKey: null,
  maxModelLen: 2048,
  maxLogprobs: 20,
  maxPrompts: null,
  logprobsMode: "raw_logprobs",
  fields: ["logprob_token_ids", "allowed_token_ids", "logit_bias", "return_tokens_as_token_ids"],
  pages: ["/version", "/tokenize", "/detokenize", "/metrics"],
  vocab: 49_152,
  seed: 1,
  constantMs: 0,
  msPerToken: 0,
  msPerPrompt: 0,
  slowFactor: 1,
  noise: 0,
  faults: [],
};
