import { isUnknownToken, WELL_KNOWN_CONTROL_TOKENS } from "./control-tokens.ts";
import { remember } from "./remember.ts";
import type { ControlTokens } from "./tokenizer.ts";
import { findTurnMarkers } from "./turn-markers.ts";

/** What is asked of a server to find its control tokens. */
export interface ServerQuestions {
  /** The ids of a text, without special tokens around it. */
  readonly encode: (text: string) => Promise<readonly number[]>;
  /** TURNS_PROBE as the server's chat template writes it; null when the server cannot say. */
  readonly renderTurns: () => Promise<string | null>;
}

/**
 * Creates the function that finds a server's control tokens by trying: a text that becomes a single id is one. It tries
 * the well-known control tokens and those in the server's own chat template once, and everything in the given texts that
 * looks like a control token when it first occurs.
 */
export function createServerControl({
  encode,
  renderTurns,
}: ServerQuestions): (texts: readonly string[]) => Promise<ControlTokens> {
  const known = new Map<string, number | null>();
  let last: { readonly control: ControlTokens; readonly found: number } | null = null;
  let found = 0;

  const tryAll = async (candidates: readonly string[]): Promise<void> => {
    const room = Math.max(0, MOST_CANDIDATES - known.size);
    const fresh = [...new Set(candidates)].filter((text) => !known.has(text)).slice(0, room);
    for (let at = 0; at < fresh.length; at += AT_ONCE) {
      const part = fresh.slice(at, at + AT_ONCE);
      const encoded = await Promise.all(part.map(encode));
      for (const [i, text] of part.entries()) {
        const [id, ...more] = encoded[i] ?? [];
        const single = id !== undefined && more.length === 0;
        if (single && !known.has(text)) found += 1;
        known.set(text, single ? id : null);
      }
    }
  };
  const findOwn = remember(async (): Promise<OwnTexts> => {
    const rendered = (await renderTurns()) ?? "";
    await tryAll([...WELL_KNOWN_CONTROL_TOKENS, ...(rendered.match(POSSIBLE) ?? [])]);
    const plain = WELL_KNOWN_CONTROL_TOKENS.filter((text) => rendered.includes(text));
    return { rendered, plain };
  });
  return async (texts) => {
    const { rendered, plain } = await findOwn();
    await tryAll(texts.flatMap((text) => text.match(CERTAIN) ?? []));
    // Counted here, because another row may have found tokens of these texts and still wait for answers of its own.
    if (last?.found === found) return last.control;
    const single = [...known].filter((entry): entry is [string, number] => entry[1] !== null);
    const counted = single.filter(([text]) => !isUnknownToken(text));
    const controlTexts = single.map(([text]) => text);
    const control: ControlTokens = {
      texts: [...new Set([...controlTexts, ...plain])],
      ids: new Set(counted.map(([, id]) => id)),
      markers: findTurnMarkers(rendered, controlTexts),
      normalise: null,
    };
    last = { control, found };
    return control;
  };
}

interface OwnTexts {
  readonly rendered: string;
  /** Well-known control tokens that the chat template writes, also those that are plain text to the tokenizer. */
  readonly plain: readonly string[];
}

/** Largest number of texts that are tried in a session, so that data full of tags costs few requests. */
const MOST_CANDIDATES = 2_000;
/** Number of texts that are tried at the same time. */
const AT_ONCE = 16;

/** What a chat template may write as a control token: <|im_end|>, <｜User｜>, <end_of_turn>, </s>, [TOOL_CALLS]. */
const POSSIBLE = /<\/?[|｜]?[\w▁:/-]{1,40}[|｜]?>|\[\/?[A-Z_]{2,30}\]/gu;
/**
 * What is a control token wherever it is a single id. A tag of HTML can be a single id too (in Gemma's vocabulary) and
 * controls nothing.
 */
const CERTAIN = /<[|｜][^<>|｜\s]{1,60}[|｜]>|\[\/?[A-Z_]{2,30}\]/gu;
