import { isRecord } from "../../files/json-shape.ts";
import { sum } from "../../numbers/sums.ts";
import { malformed } from "../client/malformed.ts";
import type { TokenLogProbs } from "./dialect.ts";

/** One token that a server lists with its log probability in nats. */
export interface ListedToken {
  /** Null when the server gives only the token's text. */
  readonly id: number | null;
  readonly text: string | null;
  readonly logProb: number;
}

/** vLLM writes this number for negative infinity, because JSON has no infinity. */
const MINUS_INFINITY = -9999;
/** The log probability of a certain token may be a little above 0, because float32 rounds it. */
const ROUNDING = 1e-3;
/** Tolerance for the sum of probabilities, because float32 rounds them. */
const TOLERANCE = 1e-3;

/** Reads one log probability; -9999 stands for -Infinity. `of` names the token. Throws RequestError("malformed"). */
export function readLogProb(value: unknown, of: string, part: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw malformed(`has no finite number for ${of}`, part);
  if (value > ROUNDING) {
    throw malformed(
      `gives ${value} for ${of}, which is not a log probability (a server started with --logprobs-mode raw_logits or processed_logits answers like this)`,
      part,
    );
  }
  return value <= MINUS_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(value, 0);
}

/**
 * Reads the tokens that one choice lists for its first position, in any of the three shapes that servers use: an object
 * from token to number in `top_logprobs[0]` (completions), a list of objects there, or `content[0].top_logprobs` (the shape
 * of chat answers, which llama.cpp also uses for completions). Throws RequestError("malformed"), which names a shape that is
 * none of these.
 */
export function listedTokens(choice: unknown): readonly ListedToken[] {
  const logprobs = isRecord(choice) ? choice["logprobs"] : undefined;
  if (!isRecord(logprobs)) throw malformed("has a choice without log probabilities", choice);
  const top = Array.isArray(logprobs["top_logprobs"]) ? logprobs["top_logprobs"][0] : undefined;
  if (isRecord(top)) return Object.entries(top).map(([key, value]) => entryOf(key, value, top));
  if (Array.isArray(top)) return top.map(readItem);
  const position: unknown = Array.isArray(logprobs["content"]) ? logprobs["content"][0] : undefined;
  const items = isRecord(position) ? position["top_logprobs"] : undefined;
  if (Array.isArray(items)) return withSampled(items.map(readItem), position);
  throw malformed(`has log probabilities in an unknown shape (${Object.keys(logprobs).join(", ")})`, choice);
}

function readItem(item: unknown): ListedToken {
  if (!isRecord(item)) throw malformed("lists a token that is no object", item);
  const { id, token, logprob } = item;
  const text = typeof token === "string" ? token : null;
  if (typeof id === "number" && Number.isInteger(id)) {
    return { id, text, logProb: readLogProb(logprob, `token ${id}`, item) };
  }
  if (text === null) throw malformed("lists a token without id and text", item);
  return entryOf(text, logprob, item);
}

/** Adds the sampled token, which the list of the most likely ones need not contain. */
function withSampled(listed: readonly ListedToken[], position: unknown): readonly ListedToken[] {
  if (!isRecord(position) || position["logprob"] === undefined) return listed;
  const sampled = readItem(position);
  const contains = listed.some(({ id, text }) => (sampled.id === null ? text === sampled.text : id === sampled.id));
  return contains ? listed : [...listed, sampled];
}

function entryOf(key: string, value: unknown, part: unknown): ListedToken {
  const id = /^token_id:(\d{1,9})$/.exec(key)?.[1];
  const logProb = readLogProb(value, key.slice(0, 100), part);
  return id === undefined ? { id: null, text: key, logProb } : { id: Number(id), text: null, logProb };
}

/** Reads probabilities over the whole vocabulary. Throws when a requested token is missing. */
export function readAbsolute(listed: readonly ListedToken[], ids: readonly number[]): TokenLogProbs {
  const logProbs = readEvery(listed, ids);
  refuseExcess(logProbs, listed);
  return { logProbs, bound: null, absolute: true };
}

/** Throws RequestError("malformed") when the probabilities of different tokens sum to more than 1. */
export function refuseExcess(logProbs: ReadonlyMap<number, number>, listed: readonly ListedToken[]): void {
  if (massOf(logProbs) > 1 + TOLERANCE) throw malformed("gives the labels more than all of the probability", listed);
}

/**
 * Reads probabilities that the server normalised over the requested tokens. Every requested token must be present, and
 * the probabilities must sum to 1.
 */
export function readRelative(listed: readonly ListedToken[], ids: readonly number[]): TokenLogProbs {
  const logProbs = readEvery(listed, ids);
  const mass = massOf(logProbs);
  if (Math.abs(mass - 1) > TOLERANCE) {
    throw malformed(`gives the labels ${mass.toPrecision(3)} of the probability, where 1 was expected`, listed);
  }
  return { logProbs, bound: null, absolute: false };
}

function readEvery(listed: readonly ListedToken[], ids: readonly number[]): ReadonlyMap<number, number> {
  const byId = new Map(listed.map(({ id, logProb }) => [id, logProb]));
  const logProbs = new Map<number, number>();
  for (const id of ids) {
    const value = byId.get(id);
    if (value === undefined) throw malformed(`lacks token ${id}`, listed);
    logProbs.set(id, value);
  }
  return logProbs;
}

function massOf(logProbs: ReadonlyMap<number, number>): number {
  return sum([...logProbs.values()].map(Math.exp));
}
