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
 *   finished message, or else as Qwen does: `<think>\n` + `\n</think>\n\n`. A block that is opened without a line end is
 *   closed at once, as in `<think></think>` of DeepSeek and GLM.
 * - If a finished message has a text between the generation prompt and its content that opens a channel, for example
 *   `<|channel|>final<|message|>`, this text is added. An empty think block there is no channel.
 *
 * Otherwise the text is empty. `end` is the end of the prompt at hand; a template may open the block for some texts
 * only, so the last characters of `end` decide.
 */
export function closingText(end: string, { generation, finished }: TurnEnds): string {
  const usual = sameEnd(end, generation);
  const open = blockAtEnd(end) ?? (usual ? openBlock(generation) : null);
  const answer = usual ? textBehind(generation, finished) : "";
  if (open !== null && answer.includes(open.closer)) return answer;
  const close = open === null ? "" : closeBlock(open);
  const channel = usual ? textBehind(withoutBlock(generation), finished) : "";
  return channel.trim() === "" || hasTag(channel) ? close : (open === null ? "" : close.trim()) + channel;
}

/** The part of a finished message behind a text with which it begins; empty when it begins otherwise. */
function textBehind(beginning: string, finished: string | null): string {
  return finished?.startsWith(beginning) === true ? finished.slice(beginning.length) : "";
}

interface OpenBlock {
  readonly closer: string;
  /** Text between the opening tag and the end. */
  readonly inside: string;
}

function closeBlock({ closer, inside }: OpenBlock): string {
  if (inside === "") return closer;
  return `${inside.endsWith("\n") ? "\n" : "\n\n"}${closer}\n\n`;
}

/** Finds a think block that is open and empty at the end of a text. */
function blockAtEnd(text: string): OpenBlock | null {
  const block = openBlock(text);
  return block !== null && block.inside.trim() === "" ? block : null;
}

/** Finds the think block that is open at the end of a text; null when there is none. */
function openBlock(text: string): OpenBlock | null {
  for (const { opener, closer } of THINK_BLOCKS) {
    const last = [...text.matchAll(opener)].at(-1);
    if (last === undefined) continue;
    const inside = text.slice(last.index + last[0].length);
    const end = closer(last);
    if (!inside.includes(end)) return { closer: end, inside };
  }
  return null;
}

/** Removes a think block without text, open or closed, from the end of a text. */
function withoutBlock(text: string): string {
  for (const { opener, closer } of THINK_BLOCKS) {
    const last = [...text.matchAll(opener)].at(-1);
    if (last === undefined) continue;
    const inside = text.slice(last.index + last[0].length).replace(closer(last), "");
    if (inside.trim() === "") return text.slice(0, last.index);
  }
  return text;
}

function hasTag(text: string): boolean {
  return THINK_BLOCKS.some(
    ({ opener }) => [...text.replaceAll("</", "<").replaceAll("[/", "[").matchAll(opener)].length > 0,
  );
}

// Tags in angle brackets: think (Qwen, DeepSeek, GLM and most others), thinking, thought (EXAONE Deep), reasoning (Reka),
// seed:think (Seed-OSS), longcat_think. Then [THINK] of Magistral, the tokens of Command A Reasoning and OpenThinker,
// the triangles of Kimi-VL, the thought channel of Gemma 4, and the words of Apriel.
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
  { opener: /Here are my reasoning steps:/g, closer: () => "[BEGIN FINAL RESPONSE]" },
];

// Compares only the last characters, because the server side knows the end of a prompt only from its last tokens.
function sameEnd(end: string, generation: string): boolean {
  const length = Math.min(COMPARED, end.length, generation.length);
  return length > 0 ? end.endsWith(generation.slice(-length)) : generation === "";
}

const COMPARED = 12;
