import { resolve } from "node:path";
import { z } from "zod";
import { allEnded } from "../all-ended.ts";
import { parseDeadline } from "../config/deadline.ts";
import { refuseOtherEnd } from "../config/output.ts";
import { readCell } from "../dataset/cell.ts";
import { createIdCollector, type IdCollector } from "../dataset/collect-ids.ts";
import { findColumns } from "../dataset/columns.ts";
import { openSource } from "../dataset/sources/open-source.ts";
import { createProblems } from "../dataset/sources/problems.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { appendText } from "../files/append.ts";
import { replaceFile } from "../files/atomic.ts";
import { exists } from "../files/exists.ts";
import { sha256 } from "../files/hash.ts";
import { parseJson, readLines } from "../files/json-lines.ts";
import { withLock } from "../files/lock.ts";
import { formatCount } from "../format.ts";
import { openWriters, type Writers } from "../generate/ask.ts";
import {
  type Asked,
  type AskedRow,
  collect,
  type Item,
  itemsOf,
  type Made,
  makeRow,
  type WrittenText,
} from "../generate/items.ts";
import { loadGenerateConfig } from "../generate/load-config.ts";
import type { GenerateConfig } from "../generate/schema.ts";
import { OTHER_PATH } from "../job/job-files.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";

export interface GenerateOptions {
  /** The YAML file that says what is generated. */
  readonly config: string;
  /** JSON Lines to write. */
  readonly output: string;
  /** Time by which no further request is sent, as in a config; null: none. */
  readonly deadline?: string | null;
}

/** What was generated. */
export interface GenerateResult {
  readonly output: string;
  readonly end: "done" | "deadline" | "interrupted";
  readonly rows: number;
  /** Texts or pairs that were asked for, and those that have an answer. */
  readonly wanted: number;
  readonly answered: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/**
 * Lets served models write comparisons, scored texts or answers. Every answer is kept in OUTPUT.journal, so that the same command continues after
 * any interruption; the output itself is replaced when the command ends. Throws AbtieError: config (also when the output is a file that
 * the command reads, or one in the folder of a run), data (also when another process
 * writes the output), engine.
 */
export async function generate(options: GenerateOptions, effects: Effects): Promise<GenerateResult> {
  refuseOtherEnd(options.output, "the file of rows", ["jsonl", "ndjson"]);
  const config = await loadGenerateConfig(options.config, effects.cwd);
  const output = resolve(effects.cwd, options.output);
  const journal = `${output}.journal`;
  await refuseOutputs(
    {
      reads: [
        { role: "the config", path: resolve(effects.cwd, options.config) },
        ...(config.kind === "scored" ? [] : [{ role: "the file with the prompts", path: config.prompts }]),
      ],
      writes: [output, journal].map((path) => ({ role: "the file of rows (-o)", path, remedy: OTHER_PATH })),
    },
    effects.disk,
  );
  if ((await exists(output)) && !(await exists(journal))) {
    throw new AbtieError(
      "config",
      `${output} exists already, and this command did not write it: name another file with -o`,
    );
  }
  const { clock, machine, signal } = effects;
  return withLock(`${output}.lock`, { purpose: "abtie generate", clock, machine, signal }, async (lost) => {
    const items = itemsOf(config, config.kind === "scored" ? [] : await readPrompts(config, effects));
    const { key, earlier } = keysOf(config, items);
    const made = await readJournal(journal, [key, ...earlier]);
    if (made.size === 0) await replaceFile(journal, `${JSON.stringify({ key })}\n`);
    const deadlineAt = options.deadline == null ? null : parseDeadline(options.deadline, effects.startedAt);
    const over = new AbortController();
    const timer = new AbortController();
    if (deadlineAt !== null) {
      clock.sleep(Math.max(0, deadlineAt - clock.now()), timer.signal).then(
        () => over.abort(new AbtieError("interrupted", "the deadline has come")),
        () => {},
      );
    }
    const ending = AbortSignal.any([signal, lost, over.signal]);
    const left = items.filter(({ number }) => !made.has(number));
    const { attach, max_tokens, system = null, concurrency } = config;
    await using writers = openWriters({ attach, maxTokens: max_tokens, system }, effects);
    const add = async (item: Item, one: Made): Promise<void> => {
      await appendText(journal, `${JSON.stringify({ number: item.number, made: one })}\n`);
      made.set(item.number, one);
      effects.progress({
        stage: "score",
        done: made.size,
        total: items.length,
        text: `${formatCount(made.size)} of ${formatCount(items.length)}`,
      });
    };
    try {
      await inParallel(left, concurrency, ending, async (item) => add(item, await ask(config, item, writers, ending)));
    } catch (error) {
      if (!ending.aborted) throw error;
    } finally {
      timer.abort();
    }
    lost.throwIfAborted();
    const { rows, dropped } = collect(made);
    await replaceFile(
      output,
      rows.map((row) => `${JSON.stringify(row)}\n`),
    );
    const end = signal.aborted ? "interrupted" : over.signal.aborted ? "deadline" : "done";
    return { output, end, rows: rows.length, wanted: items.length, answered: made.size, dropped };
  });
}

/**
 * Gives the key of what is generated. `earlier`: that of journals from before the ids of rows were kept; there an id was the number of its
 * prompt, so that they go on where it still is.
 */
function keysOf(config: GenerateConfig, items: readonly Item[]): { key: string; earlier: readonly string[] } {
  const keyOf = (parts: unknown): string => sha256(JSON.stringify([config, parts]));
  const areNumbers = items.every(({ id, number }) => id === String(number));
  return {
    key: keyOf(items.map(({ id, requests }) => [id, requests])),
    earlier: areNumbers ? [keyOf(items.map(({ requests }) => requests))] : [],
  };
}

async function ask(config: GenerateConfig, item: Item, writers: Writers, signal: AbortSignal): Promise<Made> {
  const texts = await Promise.all(item.requests.map((request) => writers.write(request, signal)));
  const refusal = texts.find((text) => typeof text === "string");
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };
  return makeRow(config, item, texts as readonly WrittenText[]);
}

/** Works on the items in their order, several at a time. The first error stops the others from beginning. */
async function inParallel(
  items: readonly Item[],
  count: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined && !failed && !signal.aborted; item = items[next++]) {
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await allEnded(Array.from({ length: count }, worker));
}

/**
 * Reads the prompts of a file with their ids, and leaves out empty ones. For pairs, a conversation is joined to one text; for answers, its messages stay,
 * without an answer at their end.
 */
async function readPrompts(
  { kind, prompts: path, column, id: named }: Extract<GenerateConfig, { readonly kind: "pairs" | "answers" }>,
  { signal, log }: Effects,
): Promise<readonly AskedRow[]> {
  await using source = await openSource(path, { signal });
  const problems = createProblems(path, source.unit);
  const asked: { readonly number: number; readonly asked: Asked }[] = [];
  let index = 0;
  let collector: IdCollector | undefined;
  await source.scan({
    problems,
    signal,
    onHeader: (header) => {
      index = findColumns(header, [column], COLUMN_REMEDY)[0] ?? 0;
      collector = createIdCollector(header, {
        named: named ?? null,
        unit: source.unit,
        problems,
        remedy: COLUMN_REMEDY,
      });
    },
    onRecord: (record) => {
      const number = collector?.add(record) ?? 0;
      const cell = readCell(record.cells[index]);
      if (kind === "answers" && cell.form === "messages") {
        const end = cell.messages.at(-1)?.role === "assistant" ? -1 : undefined;
        const messages = cell.messages.slice(0, end).map(({ role, text }) => ({ role, content: text ?? "" }));
        if (messages.length > 0) asked.push({ number, asked: messages });
        return "go on";
      }
      const texts = cell.form === "messages" ? cell.messages.map(({ text }) => text) : cell.turns;
      const text = texts
        .filter((turn) => turn !== null)
        .join("\n\n")
        .trim();
      if (text !== "") asked.push({ number, asked: text });
      return "go on";
    },
  });
  problems.throwIfAny();
  const { ids = [], note = null } = collector?.finish() ?? {};
  if (note !== null) log("info", `${path}: ${note}`);
  return asked.map((row) => ({ id: ids[row.number] ?? "", asked: row.asked }));
}

const COLUMN_REMEDY =
  "Rename the column in the file, or name it in the config: `column` has the prompts or chats, `id` the ids.";

const keySchema = z.object({ key: z.string() });
const lineSchema = z.object({
  number: z.int(),
  made: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("row"), row: z.record(z.string(), z.unknown()), key: z.string() }),
    z.object({ kind: z.literal("dropped"), reason: z.string() }),
  ]),
});

/** Reads what earlier sessions have made. A last line that a kill has cut off is left out. */
async function readJournal(path: string, keys: readonly string[]): Promise<Map<number, Made>> {
  const made = new Map<number, Made>();
  if (!(await exists(path))) return made;
  for await (const { text, number, whole } of readLines(path)) {
    const value = parseJson(text);
    if (number === 1) {
      if (keys.includes(keySchema.safeParse(value).data?.key ?? "")) continue;
      throw new AbtieError(
        "config",
        `${path} was begun with other settings or prompts: use those, or name another file with -o`,
      );
    }
    const line = lineSchema.safeParse(value).data;
    if (line !== undefined && whole) made.set(line.number, line.made);
    if (!whole) await appendText(path, "\n");
  }
  return made;
}
