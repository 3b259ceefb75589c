import { createNeutraliser, type Neutral } from "./neutralise.ts";
import { isChat, type Template } from "./template/template.ts";
import { escapePattern } from "./tokenizer/escape-pattern.ts";
import type { ControlTokens } from "./tokenizer/tokenizer.ts";

/** A way to keep the texts of a row from forming control tokens. */
export interface Defence {
  /** Applied to each text of the row before the template sees it. */
  readonly text: (text: string) => Neutral;
  /** Applied to the body of a chat after the template has filled it; null leaves the body as it is. */
  readonly body: ((text: string) => Neutral) | null;
}

/**
 * Lists the defences of a template, the mildest first. A template can form control tokens again after its texts were
 * neutralised: by filters such as `lower`, `trim` and `replace`, and by joining texts. The body of a chat is a single
 * message, so it is neutralised as a whole too, unless the template itself writes control tokens into it
 * (`ownBody`). A raw template writes the turns itself, so only its texts can be changed; the stronger defences replace every
 * character that control tokens consist of, and are used only for rows that need them.
 */
export function createDefences(control: ControlTokens, ownBody: "clean" | "control" | "raw"): readonly Defence[] {
  const neutralise = createNeutraliser(control);
  const body = ownBody === "clean" ? neutralise : null;
  const stronger = [toFullWidth, () => REPLACEMENT].map((replace): Defence => {
    const harden = createHardener(control.texts, replace);
    return {
      text: (input) => {
        const neutral = neutralise(input);
        const text = harden(neutral.text);
        return { text, count: neutral.count + (text === neutral.text ? 0 : 1) };
      },
      body,
    };
  });
  return [{ text: neutralise, body }, ...stronger];
}

/** Finds out how the body that a template itself writes looks: filled with texts that hold no control token. */
export function judgeOwnBody(
  { format }: Pick<Template, "format">,
  control: ControlTokens,
  bodies: readonly string[],
): "clean" | "control" | "raw" {
  if (!isChat({ format })) return "raw";
  const neutralise = createNeutraliser(control);
  return bodies.every((body) => neutralise(body).count === 0) ? "clean" : "control";
}

/**
 * Creates the function that replaces, in a text, every character with which control tokens begin and end, and the first
 * letter of each word that stands between such characters, for example "im_end". Filters that change case or delete
 * characters cannot turn the replacement back.
 */
function createHardener(tokens: readonly string[], replace: (character: string) => string): (text: string) => string {
  const edges = new Set(
    tokens.flatMap((token) => [...(/^\W*/u.exec(token)?.[0] ?? ""), ...(/\W*$/u.exec(token)?.[0] ?? "")]),
  );
  const words = tokens.map((token) => token.replace(/^\W+|\W+$/gu, "")).filter((word) => word.length >= SHORTEST_WORD);
  const inWords = words.length === 0 ? null : new RegExp([...new Set(words)].map(escapePattern).join("|"), "giu");
  const alone = new Set(tokens.map((token) => token.replace(/^\W+|\W+$/gu, "").toLowerCase()));
  const first = (text: string): string => {
    const character = String.fromCodePoint(text.codePointAt(0) ?? 0x20);
    return replace(character) + text.slice(character.length);
  };
  return (text) => {
    const trimmed = text.trim();
    if (trimmed !== "" && alone.has(trimmed.toLowerCase())) return first(trimmed);
    const without = [...text].map((character) => (edges.has(character) ? replace(character) : character)).join("");
    return inWords === null ? without : without.replace(inWords, first);
  };
}

/** Shorter words, such as "s" of "<s>", stand in every honest text. */
const SHORTEST_WORD = 3;

/** The full-width form looks the same to a person. It is another character to a tokenizer that does not fold it. */
function toFullWidth(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0x20 && code < 0x7f ? String.fromCodePoint(code + 0xfee0) : REPLACEMENT;
}

const REPLACEMENT = "\ufffd";
