import { join } from "node:path";
import { repeatRow } from "../class-matrix.ts";
import { replaceFile, writeAtomic } from "../files/atomic.ts";
import { formatCount, plural } from "../format.ts";
import { pinDate } from "../job/pin-date.ts";
import { loadTokenizer } from "../prompt/tokenizer/local.ts";
import { WITHOUT_TIE } from "../types.ts";
import { type ChatEncoder, encodeChatExample } from "./chat-example.ts";
import { type Chats, openChats } from "./chats.ts";
import { DATA_FILES, type DataFile } from "./data-file.ts";
import { assignFolds, countSplitGroups } from "./folds.ts";
import { hashTokenizer, readEndTokens } from "./open-judge.ts";
import { type PrepareEffects, warnOfSplitPrompts } from "./prepare.ts";
import type { JudgeRecipe } from "./recipe.ts";
import { nothingLeft } from "./write-examples.ts";

/** The data of a training on chats, as they were written into a folder. */
interface PreparedChats extends DataFile {
  /** Chats that are not trained on. */
  readonly heldOutRows: number;
}

/**
 * Turns the chats of a recipe into examples whose answers are learned, and writes them into a folder that is there. A prompt is what a
 * server makes of the messages before the answer: the model's own chat template with its defaults. Throws AbtieError: config (no
 * tokenizer folder, no chat template), data (wrong rows, no chat left, a full disk).
 */
export async function fillChatFolder(
  folder: string,
  { base, job, data: { folds: settings, heldOut, messages, idColumn } }: Pick<JudgeRecipe, "base" | "job" | "data">,
  effects: PrepareEffects,
): Promise<PreparedChats> {
  const { input, context, limit, seed } = job;
  const { date } = await pinDate(job, [], effects);
  const tokenizer = await loadTokenizer(base, { kwargs: {}, date });
  const { eos, pad } = await readEndTokens(base);
  const encoder: ChatEncoder = {
    render: tokenizer.renderAnswered,
    encode: (text) => tokenizer.encode(text, false),
    control: await tokenizer.control([]),
    eos,
    most: context,
  };
  await using chats = await openChats(input, { column: messages, idColumn, limit, signal: effects.signal });
  if (chats.note !== null) effects.log("info", `${input}: ${chats.note}`);
  // Chats have no classes: the folds get as many of them each as their prompts allow.
  const truth = repeatRow(WITHOUT_TIE, [1, 0], chats.ids.length);
  const folds = assignFolds(settings, { groups: chats.groups, truth, seed });
  const { kept, dropped, ...written } = await writeExamples(folder, { chats, folds, encoder }, effects);
  const isHeldOut = kept.map((row) => Number(folds[row] === heldOut));
  const data: DataFile = {
    format: 1,
    head: "answer",
    classes: [],
    labels: null,
    dropTail: 0,
    eos,
    pad,
    template: "",
    model: base,
    tokenizer: await hashTokenizer(base),
    budget: context ?? written.tokens.longest,
    folds: { ...settings, heldOut },
    foldRows: Array.from({ length: settings.count }, (_, fold) => kept.filter((row) => folds[row] === fold).length),
    splitPrompts: countSplitGroups(
      Uint32Array.from(isHeldOut),
      Uint32Array.from(kept, (row) => chats.groups[row] ?? 0),
    ),
    prior: [],
    priorLogLoss: null,
    rows: kept.length,
    dropped: Object.fromEntries(dropped),
    ...written,
  };
  warnOfSplitPrompts(data, effects);
  const held = kept.filter((row) => folds[row] === heldOut);
  await writeHeldOut(folder, chats, held);
  await writeAtomic(join(folder, DATA_FILES.data), `${JSON.stringify(data, null, 2)}\n`);
  return { ...data, heldOutRows: held.length };
}

interface Writing {
  readonly chats: Chats;
  readonly folds: Uint32Array;
  readonly encoder: ChatEncoder;
}

/** Chats between two looks at the signal. */
const CHATS_AT_ONCE = 64;

/** Writes one line for each chat that can be learned into examples.jsonl. */
async function writeExamples(
  folder: string,
  { chats, folds, encoder }: Writing,
  { signal, progress }: Pick<PrepareEffects, "signal" | "progress">,
) {
  const kept: number[] = [];
  const dropped = new Map<string, number>();
  const tokens = { total: 0, longest: 0 };
  let [cutExamples, examplesSha256] = [0, ""];
  async function* lines(): AsyncGenerator<string> {
    for (const [row, id] of chats.ids.entries()) {
      const example = await encodeChatExample(await chats.read(row), encoder);
      if (row % CHATS_AT_ONCE === 0) {
        signal.throwIfAborted();
        const text = `${formatCount(row)} of ${plural(chats.ids.length, "chat")}`;
        progress({ stage: "step", name: "prepare", text });
      }
      if (typeof example === "string") {
        dropped.set(example, (dropped.get(example) ?? 0) + 1);
        continue;
      }
      const { ids, answer, cut } = example;
      kept.push(row);
      tokens.total += ids.length;
      tokens.longest = Math.max(tokens.longest, ids.length);
      if (cut > 0) cutExamples += 1;
      const [fold, group] = [folds[row] ?? 0, chats.groups[row] ?? 0];
      yield `${JSON.stringify({ id, row, order: "ab", fold, group, ids, answer, target: [], weight: 1, cut })}\n`;
    }
  }
  await replaceFile(join(folder, DATA_FILES.examples), lines(), {
    beforeReplace: async (content) => {
      examplesSha256 = content.sha256;
    },
  });
  if (kept.length === 0) throw nothingLeft(dropped);
  return { kept, dropped, examples: kept.length, tokens, cut: cutExamples, examplesSha256 };
}

/** Writes the chats that are held out: the messages before the answer, which `abtie generate` reads, and the answer beside them. */
async function writeHeldOut(folder: string, chats: Chats, rows: readonly number[]): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    for (const row of rows) {
      const messages = await chats.read(row);
      const answer = messages.at(-1)?.content;
      yield `${JSON.stringify({ id: chats.ids[row], messages: messages.slice(0, -1), answer })}\n`;
    }
  }
  if (rows.length > 0) await replaceFile(join(folder, DATA_FILES.heldOut), lines());
}
