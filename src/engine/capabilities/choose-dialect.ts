import { AbtieError } from "../../errors.ts";
import { type ChoiceLogProbs, keyOf, malformed, readLogProb } from "../client/answer.ts";
import { RequestError, type RequestErrorKind } from "../client/request-error.ts";
import {
  allowedTokenIds,
  type Dialect,
  logitBias,
  logprobTokenIds,
  METHODS,
  type Method,
  topLogprobs,
} from "./dialects.ts";

/** A real prompt and real label ids. The methods are tried with them. */
export interface ProbeInput {
  readonly prompt: readonly number[];
  /** At least two different token ids. */
  readonly ids: readonly number[];
  /**
   * Gives the decoded text of a token, because some servers list tokens by their text; undefined for a token without
   * text.
   */
  readonly textOf?: (id: number) => string | undefined;
}

/** Sends a request with the probe's prompt and these fields, and returns the one choice of the answer. */
export type Ask = (fields: Readonly<Record<string, unknown>>) => Promise<ChoiceLogProbs>;

export interface ChosenDialect {
  readonly dialect: Dialect;
  /** One line for each better method that the server refused, with the server's answer. */
  readonly tried: readonly string[];
}

/** The numbers of top log probabilities to ask for. vLLM allows 20 by default; other servers allow fewer. */
const TOP_COUNTS = [20, 10, 5, 1] as const;

/**
 * Finds the best method by which this server gives the log probabilities of label tokens. Each method is tried, because
 * a server ignores fields that it does not support, so only its answers prove that it supports a method. With `forced`,
 * only that method is tried. Throws AbtieError("engine") with every refusal when no method works, and the RequestError
 * of a server that stops answering.
 */
export async function chooseDialect(ask: Ask, input: ProbeInput, forced: Method | null): Promise<ChosenDialect> {
  if (new Set(input.ids).size < 2) throw new Error("the probe needs two different token ids");
  const tried: string[] = [];
  for (const method of forced === null ? METHODS : [forced]) {
    try {
      return { dialect: await TRIALS[method](ask, input), tried };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      tried.push(`${method}: ${error.message}`);
    }
  }
  const text =
    forced === null
      ? "in any of the four ways in which abtie can ask. Use vLLM 0.26 or newer, or start an older one with --logprobs-mode processed_logprobs."
      : `by ${forced}, which the config demands. Remove the method from the config, or start the server with what ${forced} needs (${NEEDS[forced]}).`;
  throw new AbtieError("engine", `The server does not give log probabilities of label tokens ${text}`, {
    details: tried,
  });
}

/** The feature of the server that each method needs, in the words of the server's command line. */
const NEEDS = {
  logprob_token_ids: "vLLM 0.26 or newer",
  allowed_token_ids: "--logprobs-mode processed_logprobs",
  logit_bias: "--logprobs-mode processed_logprobs",
  top_logprobs: "--max-logprobs 20",
} as const satisfies Record<Method, string>;

const TRIALS = {
  logprob_token_ids: (ask, { ids }) => tryAll(ask, logprobTokenIds, ids),
  allowed_token_ids: (ask, input) => tryProcessed(ask, allowedTokenIds, input),
  logit_bias: (ask, input) => tryProcessed(ask, logitBias, input),
  top_logprobs: tryTop,
} satisfies Record<Method, (ask: Ask, input: ProbeInput) => Promise<Dialect>>;

async function tryAll(ask: Ask, dialect: Dialect, ids: readonly number[]): Promise<Dialect> {
  const choice = await ask(dialect.request(ids));
  // Every number is checked, because a server that gives logits shows this at the sampled token, not at the labels.
  for (const key of Object.keys(choice)) readLogProb(choice, key);
  dialect.read(choice, ids);
  return dialect;
}

/**
 * Proves that the server reads log probabilities after it applies the mask or bias. If it does, a token that is allowed
 * alone has the log probability 0. If the server reads them before, the token keeps its own log probability, and of two
 * tokens at most one has more than half of all probability. So two requests, each with one allowed token, give the
 * proof for any prompt. The sum over the labels would not, because a model that is certain of its labels gives them a
 * sum of nearly 1 in both cases.
 */
async function tryProcessed(ask: Ask, dialect: Dialect, { ids }: ProbeInput): Promise<Dialect> {
  for (const id of [...new Set(ids)].slice(0, 2)) await tryAll(ask, dialect, [id]);
  return tryAll(ask, dialect, ids);
}

async function tryTop(ask: Ask, { ids, textOf }: ProbeInput): Promise<Dialect> {
  let refusal: RequestError | undefined;
  let allowed = Number.POSITIVE_INFINITY;
  for (const count of TOP_COUNTS) {
    const k = Math.min(count, allowed);
    try {
      const choice = await ask(topLogprobs(k).request(ids));
      const byId = Object.keys(choice).every((key) => /^token_id:\d+$/.test(key));
      if (!byId && textOf === undefined) throw malformed("lists its tokens by text, and their ids are unknown", choice);
      const dialect = topLogprobs(k, byId || textOf === undefined ? keyOf : textOf);
      for (const key of Object.keys(choice)) readLogProb(choice, key);
      dialect.read(choice, ids);
      return dialect;
    } catch (error) {
      if (!(error instanceof RequestError) || error.kind !== "bad-request") throw error;
      refusal = error;
      const limit = /max(?:imum)? allowed:? (\d+)/i.exec(error.message)?.[1];
      if (limit !== undefined && Number(limit) > 0) allowed = Number(limit);
    }
  }
  throw refusal;
}

/** Distinguishes a server that refuses a request from a server that stopped answering. */
function isRefusal(error: unknown): error is RequestError {
  return error instanceof RequestError && IS_REFUSAL[error.kind];
}

const IS_REFUSAL = {
  "bad-request": true,
  malformed: true,
  server: true,
  "too-long": true,
  connection: false,
  overloaded: false,
  timeout: false,
  "wrong-model": false,
} as const satisfies Record<RequestErrorKind, boolean>;
