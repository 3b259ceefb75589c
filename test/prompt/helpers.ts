import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { loadTemplate, type Template } from "../../src/prompt/template/template.ts";
import { type LocalTokenizer, loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import type { ChatSettings, ControlTokens, Message, Tokenizer } from "../../src/prompt/tokenizer/tokenizer.ts";
import type { Row, Turn } from "../../src/types.ts";

/** The two small tokenizers that test/fixtures/tokenizer/make.py trains. */
export const TOKENIZERS = ["bytelevel", "metaspace"] as const;
export type TokenizerName = (typeof TOKENIZERS)[number];

/** The templates that abtie ships. */
export const TEMPLATES = ["notebook", "rules", "turns"] as const;
export type TemplateName = (typeof TEMPLATES)[number];

export interface Expected {
  readonly texts: readonly { readonly text: string; readonly ids: number[]; readonly special_ids: number[] }[];
  readonly chats: readonly {
    readonly messages: readonly Message[];
    readonly prefix: string;
    readonly text: string;
    readonly ids: number[];
  }[];
  readonly labels: readonly {
    readonly prompt: string;
    readonly labels: readonly [string, string, string];
    readonly sent: number[];
    readonly drop: number;
    readonly ids: readonly number[][];
  }[];
}

export function fixtureFolder(name: TokenizerName): string {
  const folder = name === "bytelevel" ? "../../launch/fake-model" : `../fixtures/tokenizer/${name}`;
  return fileURLToPath(new URL(folder, import.meta.url));
}

/** The settings of chats in tests: the defaults of a config, on a fixed day. */
export const SETTINGS: ChatSettings = { kwargs: { enable_thinking: false, thinking: false }, date: "2026-11-28" };

export function fixtureTokenizer(name: TokenizerName): Promise<LocalTokenizer> {
  return loadTokenizer(fixtureFolder(name), SETTINGS);
}

export async function expectedOf(name: TokenizerName): Promise<Expected> {
  return JSON.parse(
    await readFile(new URL(`../fixtures/tokenizer/${name}/expected.json`, import.meta.url), "utf8"),
  ) as Expected;
}

export function shippedTemplate(name: TemplateName): Promise<Template> {
  return loadTemplate(fileURLToPath(new URL(`../../prompts/${name}.jinja`, import.meta.url)));
}

/** Writes files into a folder that is removed when the test ends. */
export async function temporaryFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "abtie-prompt-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** Front matter of 6 lines for a raw template. */
export const HEAD = `---
description: A test.
format: raw
labels: {a: " A", b: " B", tie: " tie"}
answer_prefix: "Answer:"
---
`;

/** Loads a template made of this body and front matter. */
export async function templateOf(body: string, head: string = HEAD): Promise<Template> {
  return loadTemplate(join(await temporaryFolder({ "test.jinja": head + body }), "test.jinja"));
}

export function row(prompts: readonly Turn[], responsesA: readonly Turn[], responsesB: readonly Turn[]): Row {
  return { index: 0, id: "1", prompts, responsesA, responsesB };
}

export function swapped(one: Row): Row {
  return { ...one, responsesA: one.responsesB, responsesB: one.responsesA };
}

/** What a model without any control token reads as control. */
export const NO_CONTROL: ControlTokens = { texts: [], ids: new Set(), markers: [], normalise: null };

/** The same tokenizer without a defence against control tokens in data. */
export function undefended<T extends Tokenizer>(tokenizer: T): T {
  return { ...tokenizer, control: async () => NO_CONTROL };
}
