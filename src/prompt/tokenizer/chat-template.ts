import { Environment, Interpreter, Template } from "@huggingface/jinja";
import type { Message } from "./tokenizer.ts";

/** The special tokens' texts that chat templates refer to by name, for example bos_token. */
export type SpecialTexts = Readonly<Record<string, string>>;

/**
 * Compiles a model's chat template into a function that renders messages up to the beginning of the assistant's answer.
 * For a template that refuses or ignores the system role, the system text moves to the head of the first user message.
 * Throws SyntaxError when the template is not Jinja.
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

/** Moves the system text to the head of the first user message, with a blank line between. */
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

// Every template gets the same date, the one that Llama 3's template uses by default: with today's date a resumed run would
// send other prompts than the first one.
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
