/** How a chat template goes on after the user's text in a short conversation. */
export interface TurnEnds {
  /** The generation prompt: all text between the user's text and the place where the model would go on. */
  readonly generation: string;
  /** The text between the user's text and the content of a finished assistant message; null when there is none. */
  readonly finished: string | null;
}

/**
 * Computes the text that must follow the generation prompt so that the answer prefix stands where the model writes its
 * final answer. The answer is one token, so there is no room for reasoning:
 *
 * - A think block that the generation prompt opens is closed, as the template itself closes an empty block in a
 *   finished message, or else as Qwen does: `<think>\n` + `\n</think>\n\n`.
 * - If a finished message differs from the generation prompt by the opening of a channel, for example
 *   `<|channel|>final<|message|>`, this text is added.
 *
 * Otherwise the text is empty. `end` is the end of the prompt at hand; a template may open the block for some texts
 * only, so the last characters of `end` decide.
 */
export function closingText(end: string, { generation, finished }: TurnEnds): string {
  const usual = sameEnd(end, generation);
  const continuation = usual && finished?.startsWith(generation) === true ? finished.slice(generation.length) : "";
  const open = openBlock(end) ?? (usual ? openBlock(generation, false) : null);
  if (open !== null) {
    if (continuation.includes(open.closer)) return continuation;
    return `${open.inside.endsWith("\n") ? "\n" : "\n\n"}${open.closer}\n\n`;
  }
  return OPENS_CHANNEL.test(continuation) ? continuation : "";
}

interface OpenBlock {
  readonly closer: string;
  /** Text between the opening tag and the end. */
  readonly inside: string;
}

/**
 * Finds the think block that is open at the end of a text; null when there is none. With `atEnd`, only white space may
 * follow the tag that opens it.
 */
function openBlock(text: string, atEnd = true): OpenBlock | null {
  for (const { opener, closer } of THINK_BLOCKS) {
    const last = [...text.matchAll(opener)].at(-1);
    if (last === undefined) continue;
    const inside = text.slice(last.index + last[0].length);
    const end = closer(last);
    if (atEnd ? inside.trim() === "" : !inside.includes(end)) return { closer: end, inside };
  }
  return null;
}

// Tags in angle brackets: think (Qwen, DeepSeek, GLM and most others), thinking, thought (EXAONE Deep), reasoning (Reka),
// seed:think (Seed-OSS), longcat_think. Then [THINK] of Magistral, the tokens of Command A Reasoning and OpenThinker,
// the triangles of Kimi-VL, and the thought channel of Gemma 4.
const THINK_BLOCKS: readonly { readonly opener: RegExp; readonly closer: (opener: RegExpMatchArray) => string }[] = [
  {
    opener: /<((?:[a-z]+[:_|])?(?:think(?:ing)?|thoughts?|reason(?:ing)?))>/gi,
    closer: ([, name]) => `</${name}>`,
  },
  { opener: /\[(THINK|think)\]/g, closer: ([, name]) => `[/${name}]` },
  { opener: /<\|START_THINKING\|>/g, closer: () => "<|END_THINKING|>" },
  { opener: /<\|begin_of_thought\|>/g, closer: () => "<|end_of_thought|>" },
  { opener: /<\|(think|thinking)_start\|>/g, closer: ([, name]) => `<|${name}_end|>` },
  { opener: /◁think▷/g, closer: () => "◁/think▷" },
  { opener: /<\|channel>thought/g, closer: () => "<channel|>" },
];

/** Tokens with which a template opens the channel of the final answer: gpt-oss and its like, Command R7B and A. */
const OPENS_CHANNEL = /<\|channel\|>|<\|START_RESPONSE\|>/;

// Compares only the last characters, because the server side knows the end of a prompt only from its last tokens.
function sameEnd(end: string, generation: string): boolean {
  const length = Math.min(COMPARED, end.length, generation.length);
  return length > 0 ? end.endsWith(generation.slice(-length)) : generation === "";
}

const COMPARED = 12;
