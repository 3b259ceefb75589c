import { isRecord } from "../../files/json-shape.ts";
import type { TokenizeBody } from "../../prompt/tokenizer/server.ts";
import { malformed } from "./malformed.ts";

/** Posts a body to a path of the server and returns the parsed answer. */
export type Post = (path: string, body: object) => Promise<unknown>;

/** Turns a text or a chat into the token ids of the server's own tokenizer. Throws a RequestError. */
export type Tokenize = (post: Post, model: string, body: TokenizeBody) => Promise<number[]>;

/**
 * Makes the function that tokenises on one server. vLLM and SGLang take `prompt` or `messages`. llama.cpp takes `content`,
 * answers other bodies with an empty list, and renders a chat on a page of its own; it is recognised by that empty list.
 */
export function createTokenize(): Tokenize {
  let known: Tokenize | null = null;
  return async (post, model, body) => {
    if (known !== null) return known(post, model, body);
    const tokens = await byPrompt(post, model, body);
    if (tokens.length > 0) known = byPrompt;
    if (tokens.length > 0 || ("prompt" in body && body.prompt === "")) return tokens;
    const second = await byContent(post, model, body);
    if (second.length > 0) known = byContent;
    return second;
  };
}

/** Turns ids into text, control tokens included. Throws a RequestError. */
export async function detokenize(post: Post, model: string, tokens: readonly number[]): Promise<string> {
  const answer = await post("/detokenize", { model, tokens });
  // vLLM answers with `prompt`, llama.cpp with `content`.
  const text = isRecord(answer) ? (answer["prompt"] ?? answer["content"]) : undefined;
  if (typeof text !== "string") throw malformed("to /detokenize holds no text", answer);
  return text;
}

const byPrompt: Tokenize = async (post, model, body) => readTokens(await post("/tokenize", { model, ...body }));

const byContent: Tokenize = async (post, model, body) => {
  const chat = "messages" in body;
  const content = chat ? readPrompt(await post("/apply-template", { model, ...body })) : body.prompt;
  const specials = { add_special: !chat && body.add_special_tokens, parse_special: true };
  return readTokens(await post("/tokenize", { model, content, ...specials }));
};

function readTokens(answer: unknown): number[] {
  const tokens = isRecord(answer) ? answer["tokens"] : undefined;
  if (!Array.isArray(tokens) || !tokens.every((token) => Number.isInteger(token) && token >= 0)) {
    throw malformed("to /tokenize holds no list of token ids", answer);
  }
  return tokens;
}

function readPrompt(answer: unknown): string {
  const prompt = isRecord(answer) ? answer["prompt"] : undefined;
  if (typeof prompt !== "string") throw malformed("to /apply-template holds no prompt", answer);
  return prompt;
}
