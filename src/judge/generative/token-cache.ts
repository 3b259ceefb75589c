import { closeSync, openSync, readSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { sha256, sha256OfFile } from "../../files/hash.ts";
import type { Order } from "../../types.ts";
import type { Judge, Task } from "./judge.ts";

/** Name of the file in the run folder. */
export const TOKEN_CACHE_FILE = "tokens.bin";

/** Prompts that were tokenised before, by row and order. */
export interface TokenCache {
  readonly prompts: number;
  readonly get: (row: number, order: Order) => Pick<Task, "ids" | "cutTokens" | "neutralised"> | null;
}

/** Writes prompts as they come; nothing is in place before `finish`, and nothing is left when it is disposed before. */
export interface TokenCacheWriter extends AsyncDisposable {
  readonly add: (task: Task) => Promise<void>;
  readonly finish: () => Promise<void>;
}

/*
 * The file: one line of JSON (format, key), then for each prompt 32-bit numbers, little endian:
 * row, order (0: ab, 1: ba), tokens cut, control strings defused, number of tokens, the tokens.
 */
const FORMAT = "abtie tokens 1";
const HEAD = 5;
const ORDERS: readonly Order[] = ["ab", "ba"];
const BLOCK = 1 << 20;

interface Place {
  readonly offset: number;
  readonly tokens: number;
}

/** Computes what kept tokens depend on: data, template, labels, budget, and the tokenizer's files in `folder`. */
export async function tokenCacheKey(
  dataset: Pick<Dataset, "sha256">,
  { template, labels, budget }: Pick<Judge, "template" | "labels" | "budget">,
  folder: string,
): Promise<string> {
  const files = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"].map((name) =>
    sha256OfFile(join(folder, name)).catch(() => null),
  );
  return sha256(
    JSON.stringify([
      dataset.sha256,
      template.sha256,
      template.labels,
      labels.dropTail,
      budget,
      ...(await Promise.all(files)),
    ]),
  );
}

/** Starts to write kept tokens to a path. Throws what the file system throws. */
export async function writeTokenCache(path: string, key: string): Promise<TokenCacheWriter> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w");
  let waiting: Buffer[] = [Buffer.from(`${JSON.stringify({ format: FORMAT, key })}\n`)];
  let held = 0;
  let finished = false;
  const flush = async (): Promise<void> => {
    const block = Buffer.concat(waiting);
    waiting = [];
    held = 0;
    await file.writeFile(block);
  };
  return {
    add: async ({ row, order, cutTokens, neutralised, ids }) => {
      const record = Buffer.alloc(4 * (HEAD + ids.length));
      const numbers = [row, ORDERS.indexOf(order), cutTokens, neutralised, ids.length, ...ids];
      for (const [place, value] of numbers.entries()) record.writeUInt32LE(value, 4 * place);
      waiting.push(record);
      held += record.length;
      if (held >= BLOCK) await flush();
    },
    finish: async () => {
      await flush();
      await file.sync();
      await file.close();
      await rename(temporary, path);
      finished = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (finished) return;
      await file.close();
      await rm(temporary, { force: true });
    },
  };
}

/** Opens kept tokens; null when there are none, or they are of other data, another template, tokenizer or budget. */
export async function openTokenCache(path: string, key: string): Promise<TokenCache | null> {
  const found = await indexOf(path, key).catch(() => null);
  if (found === null) return null;
  return {
    prompts: found.size,
    get: (row, order) => {
      const orderNumber = ORDERS.indexOf(order);
      const at = found.get(placeOf(row, orderNumber));
      if (at === undefined) return null;
      const [rowThere, orderThere, cutTokens = 0, neutralised = 0, count, ...ids] = readNumbers(
        path,
        at.offset,
        HEAD + at.tokens,
      );
      // Another file may have taken its place since the index was read.
      if (rowThere !== row || orderThere !== orderNumber || count !== ids.length) return null;
      return { ids, cutTokens, neutralised };
    },
  };
}

async function indexOf(path: string, key: string): Promise<ReadonlyMap<number, Place> | null> {
  const bytes = await readFile(path);
  const lineEnd = bytes.indexOf(0x0a);
  const head = JSON.parse(bytes.toString("utf8", 0, lineEnd)) as { format?: unknown; key?: unknown };
  if (head.format !== FORMAT || head.key !== key) return null;
  const places = new Map<number, Place>();
  for (let at = lineEnd + 1; at < bytes.length; ) {
    const tokens = bytes.readUInt32LE(at + 16);
    places.set(placeOf(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)), { offset: at, tokens });
    at += 4 * (HEAD + tokens);
  }
  return places;
}

function placeOf(row: number, order: number): number {
  return 2 * row + order;
}

/** Not asynchronous: a record of some kB lies in the system's memory, and promises would cost more than the copy. */
function readNumbers(path: string, offset: number, count: number): readonly number[] {
  const bytes = Buffer.allocUnsafe(4 * count);
  const file = openSync(path, "r");
  try {
    readSync(file, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(file);
  }
  return Array.from({ length: count }, (_, place) => bytes.readUInt32LE(4 * place));
}

/**
 * Keeps the prompts of a job in its run folder as they are prepared, in both orders where both are asked for. A row whose
 * labels had to be resolved for itself is left out: it is prepared again when it is its turn.
 */
export async function cacheTokens(config: Config, dataset: Dataset, judging: Judge): Promise<TokenCacheWriter | null> {
  const { runFolder, engine, orders } = config;
  if (engine.tokenizer === null) return null;
  await mkdir(runFolder, { recursive: true });
  const writer = await writeTokenCache(
    join(runFolder, TOKEN_CACHE_FILE),
    await tokenCacheKey(dataset, judging, engine.tokenizer),
  );
  const add = async (task: Task): Promise<void> => {
    if (task.labels === judging.labels) await writer.add(task);
  };
  return {
    ...writer,
    add: async (task) => {
      await add(task);
      if (orders === "both" && task.order === "ab") await add(await judging.prepare(task.row, "ba", null));
    },
  };
}
