import type { Order } from "../types.ts";
import type { Conversation, TurnTexts } from "./template/variables.ts";
import { remember } from "./tokenizer/remember.ts";

/** A packed row whose prompt was encoded. */
interface Encoded {
  readonly conversation: Conversation;
  readonly ids: readonly number[];
}

/**
 * Creates the check that a prompt holds exactly as many control tokens as its frame: the same template and turns with
 * texts that hold none. `encode` gives the ids of a conversation. Most prompts are compared with a frame that is encoded
 * once for each number of turns. If they differ, the template may depend on its texts, so the prompt is compared with a
 * frame of its own, whose texts have the same lengths, words and line ends.
 */
export function createFrameCheck(
  encode: (conversation: Conversation, order: Order) => Promise<readonly number[]>,
): (encoded: Encoded, order: Order, controlIds: ReadonlySet<number>) => Promise<boolean> {
  const frameOf = remember(
    // Both answers of the frame are the same, so it has no order.
    ({ turns, dropped }: Conversation) => encode(harmless(turns.length, dropped), "ab"),
    { key: ({ turns, dropped }) => `${turns.length} ${dropped > 0}`, most: MOST_FRAMES },
  );
  return async ({ conversation, ids }, order, controlIds) => {
    if (controlIds.size === 0) return true;
    const count = countIds(ids, controlIds);
    if (count === countIds(await frameOf(conversation), controlIds)) return true;
    const own: Conversation = { turns: conversation.turns.map(withoutLetters), dropped: conversation.dropped };
    return count === countIds(await encode(own, order), controlIds);
  };
}

/** Largest number of frames that are remembered. */
const MOST_FRAMES = 500;

/** Makes a conversation with this number of turns whose texts hold nothing that a model reads as control. */
export function harmless(turns: number, dropped: number): Conversation {
  const turn = (_: unknown, i: number): TurnTexts => ({
    number: dropped + i + 1,
    prompt: "text",
    a: "text",
    b: "text",
  });
  return { turns: Array.from({ length: turns }, turn), dropped };
}

function withoutLetters({ number, prompt, a, b }: TurnTexts): TurnTexts {
  const plain = (text: string): string => text.replace(/\S/gu, "x");
  return { number, prompt: plain(prompt), a: plain(a), b: plain(b) };
}

function countIds(ids: readonly number[], counted: ReadonlySet<number>): number {
  let count = 0;
  for (const id of ids) if (counted.has(id)) count++;
  return count;
}
