import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Scorer } from "../../src/judge/judge.ts";
import { openTokenCache, writeTokenCache } from "../../src/judge/token-cache.ts";
import { abtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";

const SCORER: Scorer = { score: async () => [] };

test("gives back what was written, and nothing under another key", async () => {
  const folder = await temporaryFolder({});
  const task = fc.record({
    order: fc.constantFrom("ab" as const, "ba" as const),
    ids: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 300 }),
    cutTokens: fc.nat(5_000),
    neutralised: fc.nat(9),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 40 }), async (tasks) => {
      const path = join(folder, "tokens.bin");
      await using writer = await writeTokenCache(path, "key");
      for (const [row, one] of tasks.entries())
        await writer.add({ ...one, row, tokenBudget: null, refusal: null, scorer: SCORER });
      await writer.finish();
      const cache = await openTokenCache(path, "key");
      expect(cache?.prompts).toBe(tasks.length);
      for (const [row, { order, ids, cutTokens, neutralised }] of tasks.entries()) {
        expect(cache?.get(row, order)).toEqual({ ids, cutTokens, neutralised });
        expect(cache?.get(row, order === "ab" ? "ba" : "ab")).toBeNull();
      }
      expect(await openTokenCache(path, "another")).toBeNull();
    }),
    { numRuns: 30 },
  );
});

test("leaves nothing behind when it is not finished, and takes a damaged file for none", async () => {
  const folder = await temporaryFolder({ "damaged.bin": '{"format":"abtie tokens 1","key":"key"}\n123' });
  {
    await using writer = await writeTokenCache(join(folder, "tokens.bin"), "key");
    await writer.add({
      row: 0,
      order: "ab",
      tokenBudget: null,
      ids: [1],
      cutTokens: 0,
      neutralised: 0,
      refusal: null,
      scorer: SCORER,
    });
  }
  expect(readdirSync(folder)).toEqual(["damaged.bin"]);
  expect(await openTokenCache(join(folder, "damaged.bin"), "key")).toBeNull();
  expect(await openTokenCache(join(folder, "absent.bin"), "key")).toBeNull();
});

test("scores the same with the tokens that plan kept, and does not tokenise those rows", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: attachTo(judge), rows: 30 });
  expect((await abtie(["run", "job.yaml"], { cwd: job.folder })).status).toBe(0);
  const first = readFileSync(job.submission, "utf8");
  expect((await abtie(["plan", "job.yaml", "--keep-tokens"], { cwd: job.folder })).status).toBe(0);
  const path = join(job.folder, "run/tokens.bin");
  expect(statSync(path).size).toBeGreaterThan(30 * 20 * 4);
  expect((await abtie(["run", "job.yaml", "--fresh"], { cwd: job.folder })).status).toBe(0);
  expect(readFileSync(job.submission, "utf8")).toBe(first);
  // The last token of a row in the file is another one now: only a run that reads them there answers otherwise.
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(7, bytes.length - 4);
  writeFileSync(path, bytes);
  expect((await abtie(["run", "job.yaml", "--fresh"], { cwd: job.folder })).status).toBe(0);
  expect(readFileSync(job.submission, "utf8")).not.toBe(first);
});
