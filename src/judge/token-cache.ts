import { closeSync, openSync, readSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { allEnded } from "../all-ended.ts";
import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { nodeDisk } from "../files/disk.ts";
import { exists } from "../files/exists.ts";
import { createFolder } from "../files/folder.ts";
import { sha256, sha256OfFile } from "../files/hash.ts";
import { MODEL_FILES } from "../prompt/tokenizer/model-files.ts";
import type { Order } from "../types.ts";
import type { Judge, Task } from "./judge.ts";

/** Prompts that `abtie plan --keep-tokens` has tokenised, by row and order. */
export interface TokenCache {
  readonly prompts: number;
  readonly get: (row: number, order: Order) => CachedPrompt | null;
}

type CachedPrompt = Pick<Task, "ids" | "cutTokens" | "neutralised">;

/**
 * Writes prompts one by one. `finish` gives the file its name; disposing the writer before `finish` leaves no file.
 */
export interface TokenCacheWriter extends AsyncDisposable {
  readonly add: (task: Task) => Promise<void>;
  readonly finish: () => Promise<void>;
}

type CacheConfig = Pick<Config, "runFolder" | "engine" | "orders">;

/**
 * Opens the token cache of a run folder for each judge; gives null when the folder has no cache for this judge, or when
 * there is no local tokenizer.
 */
export function createTokenCaches(
  config: CacheConfig,
  dataset: Pick<Dataset, "sha256">,
): { readonly openFor: (judge: Judge) => Promise<TokenCache | null> } {
  const { tokenizer } = config.engine;
  // A judge is made before the servers run and again for each server. The file may be large, so it is indexed only
  // once.
  const opened = new Map<string, Promise<TokenCache | null>>();
  return {
    openFor: async (judge) => {
      if (tokenizer === null) return null;
      const key = await tokenCacheKey(dataset, judge, tokenizer);
      const cache = opened.get(key) ?? openTokenCache(join(config.runFolder, FILE), key);
      opened.set(key, cache);
      return cache;
    },
  };
}

/**
 * Wraps a judge. `prepare` then takes a prompt with the full token budget from the cache, and prepares a prompt that is
 * not in the cache.
 */
export function withTokenCache<J extends Judge>(judge: J, cache: TokenCache | null): J {
  if (cache === null) return judge;
  const prepare: Judge["prepare"] = async (row, order, tokenBudget) => {
    const cached = tokenBudget === null ? cache.get(row, order) : null;
    if (cached === null) return judge.prepare(row, order, tokenBudget);
    return { row, order, tokenBudget, ...cached, refusal: null, scorer: judge.scorer };
  };
  return { ...judge, prepare };
}

/**
 * Starts to write the token cache of a run folder. Adding a task also adds the other order of its row if the config
 * asks for both orders. A row with its own scorer or a refused one is not written; it is prepared again. Null without
 * a local tokenizer.
 */
export async function createTokenCache(
  config: CacheConfig,
  dataset: Pick<Dataset, "sha256">,
  judge: Judge,
): Promise<TokenCacheWriter | null> {
  const { runFolder, engine, orders } = config;
  if (engine.tokenizer === null) return null;
  await createFolder(runFolder, nodeDisk, "owner");
  const writer = await writeTokenCache(join(runFolder, FILE), await tokenCacheKey(dataset, judge, engine.tokenizer));
  const add = async (task: Task): Promise<void> => {
    if (task.scorer === judge.scorer && task.refusal === null) await writer.add(task);
  };
  return {
    ...writer,
    add: async (task) => {
      await add(task);
      if (orders === "both" && task.order === "ab") await add(await judge.prepare(task.row, "ba", null));
    },
  };
}

/** Name of the file in the run folder. */
const FILE = "tokens.bin";

/**
 * Computes the hash of everything that determines the token ids: the data, the judge, and the tokenizer's files in
 * `folder`.
 */
async function tokenCacheKey(
  dataset: Pick<Dataset, "sha256">,
  { promptHash }: Pick<Judge, "promptHash">,
  folder: string,
): Promise<string> {
  const files = MODEL_FILES.map(async (name) => {
    const file = join(folder, name);
    return (await exists(file)) ? sha256OfFile(file) : null;
  });
  return sha256(JSON.stringify([dataset.sha256, promptHash, ...(await allEnded(files))]));
}

/*
 * Format of the file: one line of JSON (format, key), then for each prompt these 32-bit numbers, little endian: row,
 * order (0: ab, 1: ba), tokens cut, control tokens neutralised, number of tokens, the tokens.
 */
const FORMAT = "abtie tokens 1";
const HEAD_NUMBERS = 5;
const ORDERS: readonly Order[] = ["ab", "ba"];
/** Number of bytes that are collected before they are written. */
const BLOCK_BYTES = 1 << 20;

/** Starts to write a token cache with a key. Throws the errors of the file system. */
export async function writeTokenCache(path: string, key: string): Promise<TokenCacheWriter> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w");
  let pending: Buffer[] = [Buffer.from(`${JSON.stringify({ format: FORMAT, key })}\n`)];
  let pendingBytes = 0;
  let finished = false;
  const flush = async (): Promise<void> => {
    const block = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    await file.writeFile(block);
  };
  return {
    add: async ({ row, order, cutTokens, neutralised, ids }) => {
      const record = Buffer.alloc(4 * (HEAD_NUMBERS + ids.length));
      const numbers = [row, ORDERS.indexOf(order), cutTokens, neutralised, ids.length, ...ids];
      for (const [i, value] of numbers.entries()) record.writeUInt32LE(value, 4 * i);
      pending.push(record);
      pendingBytes += record.length;
      if (pendingBytes >= BLOCK_BYTES) await flush();
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

/** Opens a token cache; null when the file is missing, when it is damaged, or when it has another key. */
export async function openTokenCache(path: string, key: string): Promise<TokenCache | null> {
  const records = await indexRecords(path, key).catch(() => null);
  if (records === null) return null;
  return {
    prompts: records.size,
    get: (row, order) => {
      const orderNumber = ORDERS.indexOf(order);
      const record = records.get(recordKey(row, orderNumber));
      if (record === undefined) return null;
      const numbers = readNumbers(path, record.offset, HEAD_NUMBERS + record.tokens);
      const [rowThere, orderThere, cutTokens = 0, neutralised = 0, count, ...ids] = numbers;
      // The file may have been replaced after it was indexed.
      if (rowThere !== row || orderThere !== orderNumber || count !== ids.length) return null;
      return { ids, cutTokens, neutralised };
    },
  };
}

/** The position of a prompt in the file (bytes), and its length (tokens). */
interface CacheRecord {
  readonly offset: number;
  readonly tokens: number;
}

async function indexRecords(path: string, key: string): Promise<ReadonlyMap<number, CacheRecord> | null> {
  const bytes = await readFile(path);
  const lineEnd = bytes.indexOf(0x0a);
  const head = JSON.parse(bytes.toString("utf8", 0, lineEnd)) as { format?: unknown; key?: unknown };
  if (head.format !== FORMAT || head.key !== key) return null;
  const records = new Map<number, CacheRecord>();
  for (let offset = lineEnd + 1; offset < bytes.length; ) {
    const tokens = bytes.readUInt32LE(offset + 16);
    records.set(recordKey(bytes.readUInt32LE(offset), bytes.readUInt32LE(offset + 4)), { offset, tokens });
    offset += 4 * (HEAD_NUMBERS + tokens);
  }
  return records;
}

function recordKey(row: number, order: number): number {
  return 2 * row + order;
}

/**
 * Reads synchronously, because a record has only some kB and is in the system's memory, where a promise costs more time
 * than the copy.
 */
function readNumbers(path: string, offset: number, count: number): readonly number[] {
  const bytes = Buffer.allocUnsafe(4 * count);
  const file = openSync(path, "r");
  try {
    readSync(file, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(file);
  }
  return Array.from({ length: count }, (_, i) => bytes.readUInt32LE(4 * i));
}
