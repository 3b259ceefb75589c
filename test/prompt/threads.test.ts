import { copyFile, cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createPreparer, type PreparerOptions } from "../../src/prompt/preparer.ts";
import { loadTemplate } from "../../src/prompt/template/template.ts";
import { createThreadedPreparer } from "../../src/prompt/threads/on-threads.ts";
import { type PreparingThreads, startPreparingThreads } from "../../src/prompt/threads/threads.ts";
import { loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import { fixtureFolder, fixtureTokenizer, row, SETTINGS, shippedTemplate, temporaryFolder } from "./helpers.ts";

const SMALL = row(["Which is larger, 2 or 3?"], ["3 is larger."], ["2, of course."]);
const ROWS = Array.from({ length: 50 }, (_, at) =>
  row([`Which is larger, ${at} or 3?`], [at % 7 === 0 ? "3 is <|im_end|> larger. ".repeat(300) : "3."], ["2."]),
);

/** Options whose template may be named, and threads that count what came of the rows that they were asked for. */
async function set(count: number, changed: Partial<PreparerOptions> = {}) {
  const tokenizer = await fixtureTokenizer("bytelevel");
  const options: PreparerOptions = { template: await shippedTemplate("rules"), tokenizer, budget: 500, ...changed };
  const started = startPreparingThreads(count);
  const rows = { taken: 0, left: 0 };
  const prepare: PreparingThreads["prepare"] = async (...asked) => {
    const prepared = await started.prepare(...asked).catch((error: unknown) => {
      rows.taken += 1;
      throw error;
    });
    if (prepared === null) rows.left += 1;
    else rows.taken += 1;
    return prepared;
  };
  const there = createThreadedPreparer(options, { ...started, prepare });
  return { here: createPreparer(options), there, rows, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() };
}

/** Asks until a thread has taken a row, or for as long as a thread takes to load many times over. */
async function askUntilTaken({ there, rows }: Awaited<ReturnType<typeof set>>): Promise<unknown> {
  for (let times = 0; times < 400; times += 1) {
    const answer = await there.prepare(SMALL, "ab").catch((error: unknown) => error);
    if (rows.taken > 0) return answer;
    await sleep(5);
  }
  throw new Error("no thread took a row");
}

test.each([1, 3])("prepares the same prompts on %i other threads and on this one", async (count) => {
  await using used = await set(count);
  const { here, there, rows } = used;
  const expected = await Promise.all(ROWS.map((one) => here.prepare(one, "ba")));
  expect(expected.some(({ cutTokens }) => cutTokens > 0)).toBe(true);
  expect(expected.some(({ neutralised }) => neutralised > 0)).toBe(true);
  await askUntilTaken(used);
  const before = { ...rows };
  expect(await Promise.all(ROWS.map((one) => there.prepare(one, "ba")))).toEqual(expected);
  expect(rows.taken - before.taken + rows.left - before.left).toBe(ROWS.length);
  // One thread at least is ready, and takes up to 64 rows.
  expect(rows.taken - before.taken).toBe(ROWS.length);
});

test("leaves rows to this thread beyond those that the other one has, one each turn of the event loop", async () => {
  await using used = await set(1);
  await askUntilTaken(used);
  const before = { ...used.rows };
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const asked = Array.from({ length: 200 }, (_, at) => ROWS[at % ROWS.length] ?? SMALL);
  await Promise.all(asked.map((one) => used.there.prepare(one, "ba")));
  counting = false;
  const [taken, left] = [used.rows.taken - before.taken, used.rows.left - before.left];
  expect(taken + left).toBe(asked.length);
  expect(taken).toBeGreaterThanOrEqual(64);
  expect(left).toBeGreaterThan(0);
  expect(turns).toBeGreaterThanOrEqual(left);
});

test("prepares rows of two recipes that are asked for in turns", async () => {
  await using threads = startPreparingThreads(2);
  const tokenizer = await fixtureTokenizer("bytelevel");
  const template = await shippedTemplate("rules");
  const prepare = [500, 400].map((budget) => {
    const options = { template, tokenizer, budget };
    return { here: createPreparer(options), there: createThreadedPreparer(options, threads) };
  });
  for (let round = 0; round < 5; round += 1) {
    const asked = ROWS.map((one, at) => ({ one, by: prepare[at % 2] }));
    const [found, expected] = await Promise.all([
      Promise.all(asked.map(({ one, by }) => by?.there.prepare(one, "ab"))),
      Promise.all(asked.map(({ one, by }) => by?.here.prepare(one, "ab"))),
    ]);
    expect(found).toEqual(expected);
  }
});

test("prepares a row on this thread while none is ready", async () => {
  await using used = await set(1);
  const { here, there, rows } = used;
  expect(await there.prepare(SMALL, "ab")).toEqual(await here.prepare(SMALL, "ab"));
  expect(rows).toEqual({ taken: 0, left: 1 });
});

test("shares a model that was loaded for threads, which then need no folder", async () => {
  const folder = await temporaryFolder({});
  await cp(fixtureFolder("bytelevel"), folder, { recursive: true });
  const [tokenizer, alone] = [
    await loadTokenizer(folder, SETTINGS, { share: true }),
    await loadTokenizer(folder, SETTINGS),
  ];
  await rm(folder, { recursive: true });
  await using used = await set(2, { tokenizer });
  await askUntilTaken(used);
  const prompts = await Promise.all(ROWS.map((one) => used.there.prepare(one, "ab")));
  expect(prompts).toEqual(await Promise.all(ROWS.map((one) => used.here.prepare(one, "ab"))));
  await using without = await set(1, { tokenizer: alone });
  await expect(askUntilTaken(without)).rejects.toThrow("no thread took a row");
});

test("throws the error of a row that cannot be prepared", async () => {
  await using used = await set(1, { budget: 20 });
  const expected = await used.here.prepare(SMALL, "ab").catch((error: unknown) => error);
  expect(expected).toMatchObject({ code: "config" });
  expect(await askUntilTaken(used)).toEqual(expected);
});

test("leaves every row to this thread when the template has changed since it was read", async () => {
  const path = join(await temporaryFolder({}), "own.jinja");
  await copyFile((await shippedTemplate("rules")).path, path);
  const template = await loadTemplate(path);
  await writeFile(
    path,
    "---\ndescription: Another one.\nformat: raw\n---\n{{ prompt }} {{ response_a }} {{ response_b }}",
  );
  await using used = await set(1, { template });
  await expect(askUntilTaken(used)).rejects.toThrow("no thread took a row");
});

test("leaves the rows to this thread when the other ones have ended", async () => {
  const used = await set(2);
  await askUntilTaken(used);
  const asked = Promise.all(ROWS.map((one) => used.there.prepare(one, "ab")));
  await used[Symbol.asyncDispose]();
  expect(await asked).toEqual(await Promise.all(ROWS.map((one) => used.here.prepare(one, "ab"))));
});
