import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import { isRecord } from "../files/json-shape.ts";

/** The body of a request to /tokenize: a text, or the messages of a chat. */
export interface TokenizeRequest {
  readonly prompt?: string;
  readonly messages?: readonly ChatMessage[];
  readonly add_generation_prompt?: boolean;
  readonly add_special_tokens?: boolean;
  readonly chat_template_kwargs?: Readonly<Record<string, unknown>>;
}

interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** The tokenizer of a fake server. */
export interface FakeTokenizer {
  /** Turns a text or a chat into ids. Throws ChatTemplateRefusal. */
  readonly tokenize: (body: TokenizeRequest) => number[];
  /** Turns ids into text, control tokens included. */
  readonly detokenize: (ids: readonly number[]) => string;
  /** Number of ids. */
  readonly vocab: number;
}

/** An error of the chat template, which vLLM answers with HTTP 400. */
export class ChatTemplateRefusal extends Error {}

/**
 * Reads a model folder with its tokenizer.json and chat template. If the folder is null or lacks tokenizer.json, the ids are the
 * bytes of the text. Chats are treated as vLLM does: content becomes a list of parts if the template loops over it, line ends are
 * counted as Jinja does, and an error of the template is HTTP 400. `today` gives the server's day (YYYY-MM-DD). The rendering is
 * that of the library, not abtie's own, so that a test of abtie against this server compares two programs.
 */
export function openTokenizer(modelDir: string | null, today: () => string): FakeTokenizer {
  const file = modelDir === null ? null : join(modelDir, "tokenizer.json");
  if (modelDir === null || file === null || !existsSync(file)) {
    return {
      tokenize: (body) => [...Buffer.from(plainText(body))],
      detokenize: (ids) => Buffer.from(ids).toString("utf8"),
      vocab: 256,
    };
  }
  const json = readJson(file);
  const config = readJson(join(modelDir, "tokenizer_config.json"));
  const model = new Tokenizer(json, config);
  const render = chatRenderer(modelDir, config, today);
  return {
    tokenize: (body) =>
      body.messages === undefined
        ? model.encode(body.prompt ?? "", { add_special_tokens: body.add_special_tokens ?? true }).ids
        : model.encode(render(body, body.messages), { add_special_tokens: body.add_special_tokens ?? false }).ids,
    detokenize: (ids) =>
      ids.length === 0
        ? ""
        : model.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
    vocab: vocabularySize(json),
  };
}

function chatRenderer(
  modelDir: string,
  config: Readonly<Record<string, unknown>>,
  today: () => string,
): (body: TokenizeRequest, messages: readonly ChatMessage[]) => string {
  const file = join(modelDir, "chat_template.jinja");
  const source = existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n") : config["chat_template"];
  if (typeof source !== "string") {
    return () => {
      throw new ChatTemplateRefusal("the model folder has no chat template");
    };
  }
  const template = new Template(source);
  const wantsParts = /for \w+ in \w+(\.content|\['content'\])/.test(source);
  // This template prints the content of a system message, which is then a list of parts, as Python prints a list.
  const printsSystem = /role == 'system'[^%]*%\}\{\{ m\.content \| trim \}\}/.test(source);
  const shown = (message: ChatMessage): object =>
    printsSystem && message.role === "system" ? asPythonList(message) : toParts(message);
  return (body, messages) => {
    try {
      const environment = new Environment();
      const variables = {
        true: true,
        false: false,
        none: null,
        raise_exception: (message: string) => {
          throw new Error(message);
        },
        strftime_now: (format: string) => strftime(today(), format),
        bos_token: textOf(config["bos_token"]),
        eos_token: textOf(config["eos_token"]),
        ...body.chat_template_kwargs,
        messages: wantsParts ? messages.map(shown) : messages,
        add_generation_prompt: body.add_generation_prompt ?? true,
      };
      for (const [name, value] of Object.entries(variables)) environment.set(name, value);
      return String(new Interpreter(environment).run(template.parsed).value);
    } catch (error) {
      throw new ChatTemplateRefusal(String(error));
    }
  };
}

function toParts({ role, content }: ChatMessage): object {
  return { role, content: [{ type: "text", text: content }] };
}

function asPythonList({ role, content }: ChatMessage): object {
  const text = content.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n");
  return { role, content: `[{'type': 'text', 'text': '${text}'}]` };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The few codes that chat templates use to print a day. */
function strftime(day: string, format: string): string {
  const [year = "", month = "", date = ""] = day.split("-");
  return format
    .replaceAll("%Y", year)
    .replaceAll("%m", month)
    .replaceAll("%d", date)
    .replaceAll("%b", MONTHS[Number(month) - 1] ?? "");
}

function plainText(body: TokenizeRequest): string {
  if (body.messages === undefined) return body.prompt ?? "";
  const turns = body.messages.map((message) => `<${message.role}>${message.content}\n`);
  return `${turns.join("")}${(body.add_generation_prompt ?? true) ? "<assistant>" : ""}`;
}

function vocabularySize(json: Readonly<Record<string, unknown>>): number {
  const { model, added_tokens: added } = json;
  const vocab = isRecord(model) && isRecord(model["vocab"]) ? Object.values(model["vocab"]) : [];
  const ids = [...vocab, ...(Array.isArray(added) ? added : []).map((token) => isRecord(token) && token["id"])];
  return ids.reduce<number>((most, id) => (typeof id === "number" && id >= most ? id + 1 : most), 0);
}

function textOf(token: unknown): unknown {
  return isRecord(token) ? token["content"] : token;
}

function readJson(file: string): Record<string, unknown> {
  const json: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  return isRecord(json) ? json : {};
}
