import { Environment, Interpreter, Template } from "@huggingface/jinja";
import type { Message } from "./tokenizer.ts";

/** The texts of the special tokens, by the name that chat templates use, for example bos_token. */
export type SpecialTexts = Readonly<Record<string, string>>;

/**
 * Compiles a model's chat template into a function that renders messages up to the beginning of the assistant's answer.
 * If the template refuses or ignores the system role, the system text is put before the text of the first user message.
 * Throws SyntaxError when the template is not valid Jinja.
 */
export function compileChatTemplate(source: string, specials: SpecialTexts): (messages: readonly Message[]) => string {
  const { parsed } = new Template(source);
  const render = (messages: readonly Message[]): string => {
    const environment = new Environment();
    const variables = { ...GLOBALS, ...specials, messages, add_generation_prompt: true };
    for (const [name, value] of Object.entries(variables)) environment.set(name, value);
    return String(new Interpreter(environment).run(parsed).value);
  };
  const fold = !showsSystem(render);
  return (messages) => render(fold ? foldSystem(messages) : messages);
}

/** Puts the system text before the text of the first user message, with a blank line between them. */
export function foldSystem(messages: readonly Message[]): readonly Message[] {
  const [first, second, ...rest] = messages;
  if (first?.role !== "system" || second?.role !== "user") return messages;
  return [{ role: "user", content: `${first.content}\n\n${second.content}` }, ...rest];
}

function showsSystem(render: (messages: readonly Message[]) => string): boolean {
  const probe = "system text probe";
  try {
    const text = render([
      { role: "system", content: probe },
      { role: "user", content: "hello" },
    ]);
    return text.includes(probe);
  } catch {
    return false;
  }
}

const GLOBALS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: (start: number, stop?: number, step = 1): number[] => {
    const [from, to] = stop === undefined ? [0, start] : [start, stop];
    return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
  },
  raise_exception: (message: string): never => {
    throw new Error(message);
  },
  strftime_now: formatFixedDate,
};

// Every template gets the same date, which is the default of Llama 3's template, because with today's date a resumed
// run would send other prompts than its first session.
function formatFixedDate(format: string): string {
  return format.replace(/%[YmdbBHMS%]/g, (code) => FIXED_DATE[code] ?? code);
}

const FIXED_DATE: Readonly<Record<string, string>> = {
  "%Y": "2024",
  "%m": "07",
  "%d": "26",
  "%b": "Jul",
  "%B": "July",
  "%H": "00",
  "%M": "00",
  "%S": "00",
  "%%": "%",
};
