import { AbtieError, messageOf } from "../../errors.ts";
import { ANSWER_PROBE, finishedIn, foldSystem, generationPromptIn, SYSTEM_PROBE, USER_PROBE } from "./chat-template.ts";
import { closingText, type TurnEnds } from "./closing.ts";
import { applyEndEdit, type EndEdit, findEndEdit, sharedLength } from "./end-edit.ts";
import { DATE_VARIABLES, findPrintedDate, TRIAL_DAY } from "./printed-date.ts";
import { remember } from "./remember.ts";
import { createServerControl } from "./server-control.ts";
import { formatDay } from "./strftime.ts";
import type { ChatSettings, Message, Tokenizer } from "./tokenizer.ts";
import { TURNS_PROBE } from "./turn-markers.ts";

/** What a server is asked to tokenise: a text, or the messages of a chat. In the form of vLLM's `POST /tokenize`. */
export type TokenizeBody =
  | { readonly prompt: string; readonly add_special_tokens: boolean }
  | {
      readonly messages: readonly Message[];
      readonly add_generation_prompt: boolean;
      readonly chat_template_kwargs: ChatSettings["kwargs"];
      readonly add_special_tokens: false;
    };

/** The tokenizer of a server. Both functions throw a RequestError. */
export interface ServerText {
  readonly tokenize: (body: TokenizeBody, signal?: AbortSignal) => Promise<number[]>;
  /** Turns ids into text, control tokens included. */
  readonly detokenize: (ids: readonly number[], signal?: AbortSignal) => Promise<string>;
}

/** A tokenizer that asks a server. */
export interface ServerTokenizer extends Tokenizer {
  /**
   * True when the server can show a system message but prints its list of parts, `[{'type': 'text', ...`, instead of its
   * text. vLLM gives all content as parts if the chat template loops over the parts of one role (Gemma 4). The system
   * text is then put into the user's message.
   */
  readonly garblesSystem: () => Promise<boolean>;
}

/**
 * Creates a tokenizer that asks the server, for models with files that are not on this machine. A row costs one request:
 * the server tokenises the messages with the generation prompt, and the text behind that is applied as an edit of the
 * last ids. If the server refuses the system role (HTTP 400) or ignores it, the system text is put into the user's
 * message. If its chat template prints today's date, the day of the settings is sent in the variable with which the template
 * takes it; if it takes none, `datedHead` of the tokenizer says where the date stands. `now` gives the time in ms since
 * 1970. Throws AbtieError("config") when the server cannot turn ids into text, or gives texts that do not lead back to
 * the same ids.
 */
export function serverTokenizer(
  server: Pick<ServerText, "tokenize" | "detokenize">,
  settings: ChatSettings,
  now: () => number,
): ServerTokenizer {
  const chat: Chat = (messages, generationPrompt = true, kwargs = settings.kwargs) =>
    server.tokenize({
      messages,
      add_generation_prompt: generationPrompt,
      chat_template_kwargs: kwargs,
      add_special_tokens: false,
    });
  const encode = (prompt: string, specials: boolean): Promise<readonly number[]> =>
    server.tokenize({ prompt, add_special_tokens: specials });
  const decode = (ids: readonly number[]): Promise<string> => server.detokenize(ids).catch(explainMissingDetokenize);

  const probe = remember(
    (before: readonly Message[]) =>
      probeChat({ before, showsSystem: async () => (await system()) === "shown", chat, decode, settings, now: now() }),
    { key: JSON.stringify },
  );
  const system = remember(() => probeSystem(chat, decode));
  const behind = remember(() => countTokensBehind(encode));
  const edits = createEdits(encode, decode);
  let datedHead: number | null = null;
  return {
    encode: async (text, specials) => {
      const ids = await encode(text, specials);
      return specials ? ids.slice(0, ids.length - (await behind())) : ids;
    },
    encodeChat: async (messages, answerPrefix) => {
      const { fold, kwargs, head, ends } = await probe(messages.slice(0, -1));
      datedHead = head;
      const ids = await chat(fold ? foldSystem(messages) : messages, true, kwargs);
      return edits.extend(ids, answerPrefix, ends);
    },
    decode,
    control: createServerControl({
      encode: (text) => encode(text, false),
      renderTurns: async () => {
        const ids =
          (await chat(TURNS_PROBE).catch(nullIfImpossible)) ??
          (await chat(TURNS_PROBE.slice(1)).catch(nullIfImpossible));
        return ids === null ? null : await server.detokenize(ids).catch(nullIfImpossible);
      },
    }),
    source: "server",
    folder: null,
    shared: null,
    settings,
    with: (changed) => serverTokenizer(server, { ...settings, ...changed }, now),
    settingsKey: JSON.stringify(settings),
    datedHead: () => datedHead,
    garblesSystem: async () => (await system()) === "garbled",
  };
}

/** How the server writes a chat that begins with given messages. */
interface ChatProbe {
  /** True when the server's chat template shows no system message. */
  readonly fold: boolean;
  /** The variables of the chat template, with the date where the template takes it. */
  readonly kwargs: ChatSettings["kwargs"];
  /** Number of first ids that all rows share, if they print a date that only the server sets; null otherwise. */
  readonly head: number | null;
  readonly ends: TurnEnds;
}

type Chat = (
  messages: readonly Message[],
  generationPrompt?: boolean,
  kwargs?: ChatSettings["kwargs"],
) => Promise<readonly number[]>;

async function probeChat(options: {
  before: readonly Message[];
  showsSystem: () => Promise<boolean>;
  chat: Chat;
  decode: (ids: readonly number[]) => Promise<string>;
  settings: ChatSettings;
  now: number;
}): Promise<ChatProbe> {
  const { before, showsSystem, chat, decode, settings, now } = options;
  const written: readonly Message[] = [...before, { role: "user", content: USER_PROBE }];
  const fold = before[0]?.role === "system" && !(await showsSystem());
  const asked = fold ? foldSystem(written) : written;
  const ids = await chat(asked);
  const text = await decode(ids);
  const finished = await orNullIfRefused(chat([...asked, { role: "assistant", content: ANSWER_PROBE }], false));
  const ends: TurnEnds = {
    generation: generationPromptIn(text),
    finished: finishedIn(finished === null ? null : await decode(finished)),
  };
  const date = findPrintedDate(text, now);
  if (date === null) return { fold, kwargs: settings.kwargs, head: null, ends };
  for (const name of DATE_VARIABLES.filter((variable) => !(variable in settings.kwargs))) {
    const set = (day: string) => ({ ...settings.kwargs, [name]: formatDay(day, date.format) });
    const trial = await decode(await chat(asked, true, set(TRIAL_DAY)));
    const takes = trial.includes(formatDay(TRIAL_DAY, date.format)) && !trial.includes(date.text);
    if (takes) return { fold, kwargs: set(settings.date), head: null, ends };
  }
  const other = await chat(fold ? foldSystem([...before, OTHER_USER]) : [...before, OTHER_USER]);
  return { fold, kwargs: settings.kwargs, head: sharedLength(ids, other), ends };
}

const OTHER_USER: Message = { role: "user", content: "Another text" };

async function probeSystem(
  chat: Chat,
  decode: (ids: readonly number[]) => Promise<string>,
): Promise<"shown" | "garbled" | "missing"> {
  const messages: readonly Message[] = [
    { role: "system", content: SYSTEM_PROBE },
    { role: "user", content: USER_PROBE },
  ];
  const ids = await orNullIfRefused(chat(messages));
  const text = ids === null ? "" : await decode(ids);
  if (text.includes(SYSTEM_PROBE)) return "shown";
  return /\[\{['"]type['"]: ['"]text['"]/.test(text) ? "garbled" : "missing";
}

async function orNullIfRefused<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** Number of tokens that the model puts behind a text, for example an end-of-sequence token. */
async function countTokensBehind(
  encode: (text: string, specials: boolean) => Promise<readonly number[]>,
): Promise<number> {
  const [plain, full] = [await encode("a", false), await encode("a", true)];
  const last = plain.at(-1);
  return last === undefined ? 0 : Math.max(0, full.length - 1 - full.lastIndexOf(last));
}

/** Numbers of last ids that are decoded to find an edit, tried in this order; then all ids. */
const DECODED = [24, 96];
/** Largest number of edits that are remembered. A template that writes nothing behind the row's text needs one a row. */
const MOST_EDITS = 2_000;

/** Finds and remembers how the ends of prompts change when the closing text and an answer prefix follow. */
function createEdits(
  encode: (text: string, specials: boolean) => Promise<readonly number[]>,
  decode: (ids: readonly number[]) => Promise<string>,
) {
  const known = new Map<string, EndEdit>();
  const keyOf = (tail: readonly number[], prefix: string, ends: TurnEnds): string =>
    JSON.stringify([tail, prefix, ends]);
  const lengths = new Set<number>();

  const find = async (ids: readonly number[], prefix: string, ends: TurnEnds): Promise<EndEdit> => {
    for (const length of [...DECODED.filter((count) => count < ids.length), ids.length]) {
      const end = await decode(ids.slice(-length));
      const added = closingText(end, ends) + prefix;
      if (added === "") return { tail: ids.slice(-length), drop: 0, append: [] };
      const edit = findEndEdit(ids, await encode(end, false), await encode(end + added, false));
      if (edit !== null) return edit;
    }
    throw new AbtieError(
      "config",
      "the server's /tokenize and /detokenize do not agree on the end of a prompt, so the answer prefix cannot be put " +
        "behind it: set engine.tokenizer to the folder of the model's tokenizer.",
    );
  };
  return {
    extend: async (ids: readonly number[], prefix: string, ends: TurnEnds): Promise<readonly number[]> => {
      for (const length of lengths) {
        const edit = known.get(keyOf(ids.slice(-length), prefix, ends));
        if (edit !== undefined) return applyEndEdit(ids, edit);
      }
      const edit = await find(ids, prefix, ends);
      if (known.size >= MOST_EDITS) known.clear();
      known.set(keyOf(edit.tail, prefix, ends), edit);
      lengths.add(edit.tail.length);
      return applyEndEdit(ids, edit);
    },
  };
}

function explainMissingDetokenize(error: unknown): never {
  if (!isMissing(error)) throw error;
  throw new AbtieError(
    "config",
    `the server has no /detokenize (${messageOf(error)}), which is needed to put the answer prefix behind a chat: set ` +
      "engine.tokenizer to the folder of the model's tokenizer.",
    { cause: error },
  );
}

// A job with raw prompts needs neither a chat template nor /detokenize.
function nullIfImpossible(error: unknown): null {
  const kind = error instanceof Error && "kind" in error ? error.kind : null;
  if (isMissing(error) || kind === "bad-request" || kind === "server") return null;
  throw error;
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "kind" in error && error.kind === "bad-request" && !isMissing(error);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 404;
}
