import { isRecord } from "../files/json-shape.ts";
import { type Distribution, distribution, type FakeModel, masked } from "./distribution.ts";
import type { FakeSettings } from "./settings.ts";

/** An answer to a request, before any fault is applied. */
export interface Answer {
  readonly status: number;
  /** Number of prompt tokens that the device computes; 0 for a refusal. */
  readonly tokens: number;
  readonly prompts: number;
  readonly body: object;
}

/** The body of a request to /v1/completions; only the fields that the server reads. */
export interface CompletionBody {
  readonly model?: unknown;
  readonly prompt?: readonly number[] | readonly (readonly number[])[];
  readonly logprobs?: number | null;
  readonly logprob_token_ids?: readonly number[] | null;
  readonly allowed_token_ids?: readonly number[] | null;
  readonly logit_bias?: Readonly<Record<string, number>> | null;
  readonly return_tokens_as_token_ids?: boolean;
}

type Logits = FakeModel["logits"];

/** Answers a request for one token, with the checks, words and JSON shapes of vLLM 0.32. */
export function complete(body: CompletionBody, settings: FakeSettings, logits: Logits, serial: number): Answer {
  if (body.model !== settings.modelName) {
    const message = `The model \`${String(body.model)}\` does not exist. Valid aliases: ${settings.modelName}.`;
    return refusal(404, message, "NotFoundError", "model");
  }
  if (!Array.isArray(body.prompt)) return refusal(400, "the fake server takes prompts as token ids only");
  const batched = Array.isArray(body.prompt[0]);
  const prompts = (batched ? body.prompt : [body.prompt]) as readonly (readonly number[])[];
  if (batched && settings.maxPrompts !== null && prompts.length > settings.maxPrompts) {
    return refusal(413, "Request Entity Too Large");
  }
  const refused = checkLogprobs(body, settings) ?? firstRefusal(prompts, settings);
  if (refused !== null) return refused;
  const tokens = prompts.reduce((sum, prompt) => sum + prompt.length, 0);
  const model = { vocab: settings.vocab, seed: settings.seed, logits };
  return {
    status: 200,
    tokens,
    prompts: prompts.length,
    body: {
      id: `cmpl-${serial.toString(16).padStart(16, "0")}`,
      object: "text_completion",
      created: 1_795_312_461,
      model: settings.answersAs ?? settings.modelName,
      choices: prompts.map((prompt, index) => choice(prompt, index, { body, settings, model })),
      service_tier: null,
      system_fingerprint: `vllm-${settings.version}-fake`,
      usage: {
        prompt_tokens: tokens,
        total_tokens: tokens + prompts.length,
        completion_tokens: prompts.length,
        prompt_tokens_details: null,
        completion_tokens_details: null,
      },
      kv_transfer_params: null,
      ec_transfer_params: null,
      metrics: null,
    },
  };
}

/** Makes an error in the JSON shape of vLLM. */
export function refusal(
  status: number,
  message: string,
  type = "BadRequestError",
  param: string | null = null,
): Answer {
  return { status, tokens: 0, prompts: 0, body: { error: { message, type, param, code: status } } };
}

function checkLogprobs(body: CompletionBody, settings: FakeSettings): Answer | null {
  const { logprobs = null } = body;
  if (logprobs !== null && logprobs > settings.maxLogprobs) {
    const message = `Requested sample logprobs of ${logprobs}, which is greater than max allowed: ${settings.maxLogprobs} (parameter=logprobs, value=${logprobs})`;
    return refusal(400, message, "BadRequestError", "logprobs");
  }
  if (settings.fields.includes("logprob_token_ids") && body.logprob_token_ids !== undefined && logprobs === null) {
    const message = "when using `logprob_token_ids`, `logprobs` must be set.";
    return refusal(400, message, "BadRequestError", "logprob_token_ids");
  }
  return null;
}

function firstRefusal(prompts: readonly (readonly number[])[], settings: FakeSettings): Answer | null {
  for (const prompt of prompts) {
    const refused = checkPrompt(prompt, settings);
    if (refused !== null) return refused;
  }
  return null;
}

function checkPrompt(prompt: readonly number[], { maxModelLen, vocab }: FakeSettings): Answer | null {
  if (prompt.length === 0) return refusal(400, "The decoder prompt cannot be empty");
  const strange = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (strange !== undefined) return refusal(400, `Token id ${strange} is out of vocabulary`);
  if (prompt.length > maxModelLen) {
    const message = `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains ${prompt.length} input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt. (parameter=input_tokens, value=${prompt.length})`;
    return refusal(400, message, "BadRequestError", "input_tokens");
  }
  if (prompt.length === maxModelLen) {
    const message = "max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)";
    return refusal(400, message, "BadRequestError", "max_tokens");
  }
  return null;
}

interface Request {
  readonly body: CompletionBody;
  readonly settings: FakeSettings;
  readonly model: FakeModel;
}

function choice(prompt: readonly number[], index: number, { body, settings, model }: Request): object {
  const known = <F extends keyof CompletionBody>(field: F): NonNullable<CompletionBody[F]> | null =>
    settings.fields.includes(field) ? (body[field] ?? null) : null;
  const raw = distribution(prompt, model);
  const processed = processedBy(prompt, model, known("allowed_token_ids"), known("logit_bias")) ?? raw;
  const sampled = processed.top(1)[0]?.[0] ?? 0;
  const read = settings.logprobsMode.startsWith("processed") ? processed : raw;
  // Logits instead of log probabilities: the answer of --logprobs-mode raw_logits.
  const shift = settings.logprobsMode.endsWith("logits") ? 15 : 0;
  const asked = known("logprob_token_ids");
  const listed = asked === null ? read.top(body.logprobs ?? 0) : asked.map((id) => [id, read.logProb(id)] as const);
  const name = (id: number): string => (known("return_tokens_as_token_ids") ? `token_id:${id}` : `<text ${id}>`);
  const written = (value: number): number =>
    value === Number.NEGATIVE_INFINITY ? -9999.0 : Math.fround(value + shift);
  const top = [[sampled, read.logProb(sampled)] as const, ...listed].map(([id, value]) => [name(id), written(value)]);
  return {
    index,
    text: `<text ${sampled}>`,
    logprobs:
      (body.logprobs ?? null) === null
        ? null
        : {
            text_offset: [0],
            token_logprobs: [written(read.logProb(sampled))],
            tokens: [name(sampled)],
            top_logprobs: [Object.fromEntries(top)],
          },
    finish_reason: "length",
    stop_reason: null,
    token_ids: null,
    prompt_logprobs: null,
    prompt_token_ids: null,
    routed_experts: null,
  };
}

function processedBy(
  prompt: readonly number[],
  model: FakeModel,
  allowed: readonly number[] | null,
  bias: Readonly<Record<string, number>> | null,
): Distribution | null {
  if (allowed !== null) return masked(prompt, model, allowed);
  if (!isRecord(bias)) return null;
  return distribution(prompt, model, new Map(Object.entries(bias).map(([id, by]) => [Number(id), by])));
}
