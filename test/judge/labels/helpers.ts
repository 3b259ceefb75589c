import type { EncodeWith } from "../../../src/judge/generative/labels/resolve.ts";
import type { Tokenizer } from "../../../src/prompt/tokenizer/tokenizer.ts";

export function after(tokenizer: Tokenizer, prompt: string): EncodeWith {
  return (suffix) => tokenizer.encode(prompt + suffix, true);
}

/** A tokenizer by hand: every character is a token, but for the texts listed, of which the longest wins. */
export function byHand(merged: readonly string[]): (prompt: string) => EncodeWith {
  const known = merged.toSorted((x, y) => y.length - x.length);
  const encode = (text: string): number[] => {
    const token = known.find((part) => text.startsWith(part)) ?? text.slice(0, 1);
    if (token === "") return [];
    const id = merged.includes(token) ? 1000 + merged.indexOf(token) : token.charCodeAt(0);
    return [id, ...encode(text.slice(token.length))];
  };
  return (prompt) => async (suffix) => encode(prompt + suffix);
}
