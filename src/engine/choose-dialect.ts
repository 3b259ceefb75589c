import { AbtieError } from "../errors.ts";
import { type ChoiceLogProbs, keyOf, malformed, readLogProb } from "./answer.ts";
import { allowedTokenIds } from "./dialect/allowed-token-ids.ts";
import type { Dialect } from "./dialect/dialect.ts";
import { logitBias } from "./dialect/logit-bias.ts";
import { logprobTokenIds } from "./dialect/logprob-token-ids.ts";
import { topLogprobs } from "./dialect/top-logprobs.ts";
import { RequestError } from "./request-error.ts";
import { METHODS, type Method, type ProbeInput } from "./types.ts";

/** Sends the probe's prompt with these fields and gives the one choice that comes back. */
export type Ask = (fields: Readonly<Record<string, unknown>>) => Promise<ChoiceLogProbs>;

export interface ChosenDialect {
  readonly dialect: Dialect;
  /** One line for each method that was tried before. */
  readonly tried: readonly string[];
}

/** As many as vLLM allows by default; then what other servers allow. */
const TOP_COUNTS = [20, 10, 5, 1] as const;

/**
 * Finds the best way in which this server gives the log probabilities of label tokens, by trying: servers ignore fields that
 * they do not know, so only their answers tell. With `forced` only that method is tried.
 * Throws AbtieError("engine") with what was tried when none works, and the RequestError of a server that stops answering.
 */
export async function chooseDialect(ask: Ask, input: ProbeInput, forced: Method | null): Promise<ChosenDialect> {
  if (new Set(input.ids).size < 2) throw new Error("the probe needs two different token ids");
  const tried: string[] = [];
  for (const method of forced === null ? METHODS : [forced]) {
    try {
      return { dialect: await TRIALS[method](ask, input), tried };
    } catch (error) {
      if (!isAnswer(error)) throw error;
      tried.push(`${method}: ${error.message}`);
    }
  }
  const text =
    forced === null
      ? "in any of the four ways that abtie knows. Use vLLM 0.26 or newer, or start an older one with --logprobs-mode processed_logprobs."
      : `by ${forced}, which the config demands. Leave the method to abtie, or start the server with what this one needs (${NEEDS[forced]}).`;
  throw new AbtieError("engine", `The server does not give log probabilities of label tokens ${text}`, {
    details: tried,
  });
}

const NEEDS: Readonly<Record<Method, string>> = {
  logprob_token_ids: "vLLM 0.26 or newer",
  allowed_token_ids: "--logprobs-mode processed_logprobs",
  logit_bias: "--logprobs-mode processed_logprobs",
  top_logprobs: "--max-logprobs 20",
};

const TRIALS: Readonly<Record<Method, (ask: Ask, input: ProbeInput) => Promise<Dialect>>> = {
  logprob_token_ids: (ask, { ids }) => tryAll(ask, logprobTokenIds, ids),
  allowed_token_ids: (ask, input) => tryProcessed(ask, allowedTokenIds, input),
  logit_bias: (ask, input) => tryProcessed(ask, logitBias, input),
  top_logprobs: tryTop,
};

async function tryAll(ask: Ask, dialect: Dialect, ids: readonly number[]): Promise<Dialect> {
  const choice = await ask(dialect.request(ids));
  // Every number, not only the labels': logits give themselves away by the sampled token's.
  for (const key of Object.keys(choice)) readLogProb(choice, key);
  dialect.read(choice, ids);
  return dialect;
}

/**
 * A token that is allowed alone has the log probability 0, if it is read after the mask or bias. Read before, it has its own,
 * and of two tokens at most one can have more than half: so two tokens, each alone, tell the two apart whatever the model
 * thinks of the prompt. The sum over all labels would not: a model that is sure of its labels gives them nearly 1.
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
      if (!byId && textOf === undefined)
        throw malformed("names its tokens by text, and their texts are not known here", choice);
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

/** An answer that says no, as opposed to a server that stopped answering. */
function isAnswer(error: unknown): error is RequestError {
  return error instanceof RequestError && ["bad-request", "malformed", "server", "too-long"].includes(error.kind);
}
