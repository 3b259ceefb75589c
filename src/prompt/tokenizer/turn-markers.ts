import { ANSWER_PROBE, SYSTEM_PROBE, USER_PROBE } from "./chat-template.ts";
import type { Message, TurnMarker } from "./tokenizer.ts";

/** A short conversation of two turns. Rendering it shows what a chat template writes around and between the messages. */
export const TURNS_PROBE: readonly Message[] = [
  { role: "system", content: SYSTEM_PROBE },
  { role: "user", content: USER_PROBE },
  { role: "assistant", content: ANSWER_PROBE },
  { role: "user", content: USER_PROBE },
];

/**
 * Finds the plain words with which a chat template marks its turns, for example "USER:" and "ASSISTANT:" of Vicuna, or
 * "### Response:" of Alpaca. `rendered` is TURNS_PROBE as the template writes it. A template that writes a control token
 * between the user's text and the answer has no such words, because nobody can write that token as text.
 */
export function findTurnMarkers(rendered: string, controlTexts: readonly string[]): readonly TurnMarker[] {
  const [head, toAnswer, toUser, toEnd] = cutAtProbes(rendered);
  if (head === undefined || toAnswer === undefined || toUser === undefined || toEnd === undefined) return [];
  if (controlTexts.some((text) => toAnswer.includes(text))) return [];
  const markers = [toAnswer, toUser, toEnd].flatMap((between) => wordsOf(between, controlTexts));
  return [...new Set(markers)].map((text) => ({
    text,
    inline: [head, toAnswer, toUser, toEnd].some((between) => between.includes(` ${text}`)),
  }));
}

function cutAtProbes(rendered: string): readonly string[] {
  const [head, ...rest] = rendered.split(USER_PROBE);
  const [answered, end, ...more] = rest;
  const [toAnswer, toUser, ...others] = answered?.split(ANSWER_PROBE) ?? [];
  if (head === undefined || toAnswer === undefined || toUser === undefined || end === undefined) return [];
  return more.length > 0 || others.length > 0 ? [] : [head, toAnswer, toUser, end];
}

function wordsOf(between: string, controlTexts: readonly string[]): readonly string[] {
  let rest = between;
  for (const text of controlTexts) rest = rest.replaceAll(text, "\n");
  return rest
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /\p{L}/u.test(line) && line.length <= LONGEST);
}

/** Longest marker in characters; a longer text between messages is an instruction. */
const LONGEST = 60;
