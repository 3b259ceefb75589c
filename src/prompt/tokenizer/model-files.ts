import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { allEnded } from "../../all-ended.ts";
import { AbtieError, messageOf, systemCode } from "../../errors.ts";
import { meansMissing } from "../../files/exists.ts";
import { describeIssue } from "../../files/schema-problem.ts";
import type { AddedToken } from "./control-tokens.ts";

/** The keys of tokenizer.json that abtie itself reads; the tokenizer library gets the whole file unchanged. */
export interface TokenizerJson {
  readonly model: Readonly<Record<string, unknown>>;
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: unknown;
  readonly added_tokens: readonly AddedToken[];
}

/** The files of a model that are needed for making prompts. */
export interface ModelFiles {
  readonly tokenizer: TokenizerJson;
  readonly config: object;
  readonly chatTemplate: string | null;
  readonly chatTemplatePath: string;
  /** The texts of bos_token, eos_token and so on, for the chat template. */
  readonly specials: Readonly<Record<string, string>>;
}

/** The files in a model's folder that determine the token ids of a prompt. */
export const MODEL_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
  "special_tokens_map.json",
] as const;

/** Reads the files of the tokenizer from a model folder. Throws AbtieError("config") with the file and a remedy. */
export async function readModelFiles(modelDir: string): Promise<ModelFiles> {
  const [tokenizerText, configText, chatText, specialsText] = await allEnded(
    MODEL_FILES.map((name) => readText(join(modelDir, name))),
  );
  const tokenizerPath = join(modelDir, "tokenizer.json");
  const configPath = join(modelDir, "tokenizer_config.json");
  if (typeof tokenizerText !== "string") {
    throw new AbtieError(
      "config",
      `cannot find ${tokenizerPath}: expected the folder of a model with its tokenizer; check the path, or leave the tokenizer folder out of the config so that the server tokenises.`,
    );
  }
  const tokenizer = parse(tokenizerPath, tokenizerText, TOKENIZER);
  const config = parse(configPath, configText ?? "{}", CONFIG);
  return {
    tokenizer,
    config,
    chatTemplate: chatText ?? pickTemplate(config.chat_template),
    chatTemplatePath: typeof chatText === "string" ? join(modelDir, "chat_template.jinja") : configPath,
    // Older models name their special tokens only in special_tokens_map.json.
    specials: {
      ...specialTexts(parse(join(modelDir, "special_tokens_map.json"), specialsText ?? "{}", z.looseObject({}))),
      ...specialTexts(config),
    },
  };
}

const TOKENIZER = z.looseObject({
  model: z.looseObject({}),
  added_tokens: z
    .array(
      z.looseObject({
        id: z.number().int(),
        content: z.string(),
        special: z.boolean().default(false),
        normalized: z.boolean().default(false),
      }),
    )
    .default([]),
});

const NAMED_TEMPLATE = z.looseObject({ name: z.string(), template: z.string() });

const CONFIG = z.looseObject({
  chat_template: z.union([z.string(), z.array(NAMED_TEMPLATE)]).nullish(),
});

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (meansMissing(error)) return null;
    const code = systemCode(error);
    throw new AbtieError("config", `cannot read ${path} (${String(code)}); check its permissions.`, { cause: error });
  }
}

function parse<T>(path: string, text: string, schema: z.ZodType<T>): T {
  const remedy = "the file may be cut short: copy or download the model again.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const found = messageOf(error);
    throw new AbtieError("config", `${path} is not JSON (${found}); ${remedy}`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const problem = issue === undefined ? "" : `${issue.path.join(".") || "the file"}: ${describeIssue(issue)}; `;
  throw new AbtieError("config", `${path}: ${problem}${remedy}`);
}

function pickTemplate(written: z.infer<typeof CONFIG>["chat_template"]): string | null {
  if (typeof written === "string") return written;
  return written?.find(({ name }) => name === "default")?.template ?? null;
}

function specialTexts(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = Object.entries(config)
    .filter(([key]) => key.endsWith("_token"))
    .map(([key, value]): [string, unknown] => [key, isToken(value) ? value.content : value]);
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function isToken(value: unknown): value is { readonly content: string } {
  return typeof value === "object" && value !== null && "content" in value && typeof value.content === "string";
}
