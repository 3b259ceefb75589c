import { compileJinja, isLimitExceeded, type JinjaPlace } from "../jinja/compile.ts";
import { closingText, type TurnEnds } from "./closing.ts";
import { formatDay, otherDay } from "./strftime.ts";
import type { ChatSettings, Message } from "./tokenizer.ts";

/** The texts of the special tokens, by the name that chat templates use, for example bos_token. */
export type SpecialTexts = Readonly<Record<string, string>>;

/** A model's chat template with the settings of a job. */
export interface ChatTemplate {
  /**
   * Renders messages up to the place where the answer begins: the template's text with the generation prompt, then the
   * closing text (closing.ts). Throws AbtieError("config") with the file, and with the line where it is known.
   */
  readonly render: (messages: readonly Message[]) => string;
  /**
   * Renders a chat whose last message is the answer: the text up to the place where a server lets the model begin, without closing text,
   * and the whole text with the answer. Throws like `render`.
   */
  readonly renderAnswered: (messages: readonly Message[]) => { readonly prompt: string; readonly whole: string };
  /** True when the rendered text depends on the date. */
  readonly dated: boolean;
}

interface ChatTemplateFile {
  readonly path: string;
  readonly source: string;
  readonly specials: SpecialTexts;
}

/** The user's text in the conversations that find out how a template writes. A template must not change it. */
export const USER_PROBE = "abtie user probe";
/** The system text in these conversations. A list that is printed as Python prints it shows the line end otherwise. */
export const SYSTEM_PROBE = "abtie system\nprobe";
/** The content of the finished assistant message in these conversations. */
export const ANSWER_PROBE = "abtie answer probe";

/**
 * Compiles a model's chat template. If the template refuses or ignores the system role, the system text is put before
 * the text of the first user message. If it shows content only as a list of parts, it gets the content in this form.
 * Throws AbtieError("config") when the template is not valid Jinja or exceeds a limit.
 */
export function compileChatTemplate(file: ChatTemplateFile): (settings: ChatSettings) => ChatTemplate {
  // Jinja counts every kind of line end as a line feed.
  const source = file.source.replace(/\r\n?/g, "\n");
  const { render } = compileJinja(source, placeOf(file.path));
  const run: Run = (messages, generationPrompt, { kwargs, date }) =>
    render({
      strftime_now: (format: string) => formatDay(date, format),
      ...file.specials,
      tools: null,
      documents: null,
      ...kwargs,
      messages,
      add_generation_prompt: generationPrompt,
    });
  return (settings) => withSettings(run, settings);
}

function placeOf(path: string): JinjaPlace {
  const whole = path.endsWith(".jinja");
  return {
    noun: "chat template",
    at: (line) => (line === null ? path : whole ? `${path}:${line}` : `${path} (line ${line} of "chat_template")`),
    remedy: 'correct it, or use a prompt template with "format: raw".',
  };
}

/** Puts the system text before the text of the first user message, with a blank line between them. */
export function foldSystem(messages: readonly Message[]): readonly Message[] {
  const [first, second, ...rest] = messages;
  if (first?.role !== "system" || second?.role !== "user") return messages;
  return [{ role: "user", content: `${first.content}\n\n${second.content}` }, ...rest];
}

type Content = string | readonly { readonly type: "text"; readonly text: string }[];
type Run = (
  messages: readonly { readonly role: string; readonly content: Content }[],
  generationPrompt: boolean,
  settings: ChatSettings,
) => string;

function withSettings(run: Run, settings: ChatSettings): ChatTemplate {
  const user = (content: string): Message => ({ role: "user", content });
  const tried = (messages: readonly Message[], asParts: boolean, date = settings.date): string | null => {
    try {
      return run(asParts ? messages.map(toParts) : messages, true, { ...settings, date });
    } catch (error) {
      if (isLimitExceeded(error)) throw error;
      return null;
    }
  };
  const shows = (messages: readonly Message[], asParts: boolean, text: string): boolean =>
    tried(messages, asParts)?.includes(text) === true;
  const parts = !shows([user(USER_PROBE)], false, USER_PROBE) && shows([user(USER_PROBE)], true, USER_PROBE);
  const fold =
    settings.fold === true ||
    !shows([{ role: "system", content: SYSTEM_PROBE }, user(USER_PROBE)], parts, SYSTEM_PROBE);

  const render = (messages: readonly Message[], generationPrompt: boolean): string => {
    const shown = fold ? foldSystem(messages) : messages;
    return run(parts ? shown.map(toParts) : shown, generationPrompt, settings);
  };
  const ends = rememberEnds(render);
  return {
    render: (messages) => {
      const text = render(messages, true);
      return text + closingText(text.slice(-LONGEST_END), ends(messages.slice(0, -1)));
    },
    renderAnswered: (messages) => ({ prompt: render(messages.slice(0, -1), true), whole: render(messages, false) }),
    dated: tried([user(USER_PROBE)], parts) !== tried([user(USER_PROBE)], parts, otherDay(settings.date)),
  };
}

/** Number of last characters in which an open think block is looked for. */
const LONGEST_END = 256;

function toParts({ role, content }: Message): { readonly role: string; readonly content: Content } {
  return { role, content: [{ type: "text", text: content }] };
}

/** Finds how the template goes on after the user's text behind given earlier messages, once for each of them. */
function rememberEnds(
  render: (messages: readonly Message[], generationPrompt: boolean) => string,
): (before: readonly Message[]) => TurnEnds {
  const found = new Map<string, TurnEnds>();
  return (before) => {
    const key = JSON.stringify(before);
    const known = found.get(key);
    if (known !== undefined) return known;
    const asked: readonly Message[] = [...before, { role: "user", content: USER_PROBE }];
    const ends: TurnEnds = {
      generation: generationPromptIn(render(asked, true)),
      finished: finishedIn(renderedOrNull(render, [...asked, { role: "assistant", content: ANSWER_PROBE }])),
    };
    found.set(key, ends);
    return ends;
  };
}

function renderedOrNull(
  render: (messages: readonly Message[], generationPrompt: boolean) => string,
  messages: readonly Message[],
): string | null {
  try {
    return render(messages, false);
  } catch (error) {
    if (isLimitExceeded(error)) throw error;
    return null;
  }
}

/** The part of a rendered probe behind the user's text; the whole text when that was not found. */
export function generationPromptIn(rendered: string): string {
  const at = rendered.lastIndexOf(USER_PROBE);
  return at < 0 ? rendered : rendered.slice(at + USER_PROBE.length);
}

/** The part of a rendered probe between the user's text and the assistant's content; null when one was not found. */
export function finishedIn(rendered: string | null): string | null {
  const end = rendered?.lastIndexOf(ANSWER_PROBE) ?? -1;
  const before = rendered?.slice(0, Math.max(0, end)) ?? "";
  const at = before.lastIndexOf(USER_PROBE);
  return end < 0 || at < 0 ? null : before.slice(at + USER_PROBE.length);
}
