import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type JournalOptions, openJournal } from "../../src/runfolder/journal/append.ts";
import { encodeEvent } from "../../src/runfolder/journal/events.ts";
import { openJournalFile } from "../../src/runfolder/journal/open-file.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";
import { EVERY_KIND, eventsOf, rowEvent, rowsOf, temporaryFolder, upTo } from "./samples.ts";

describe("a journal", () => {
  test("reads back every kind of event as it was appended", async () => {
    const { path, open } = await setUp();
    const journal = await open();
    for (const event of EVERY_KIND) journal.append(event);
    await journal.close();
    const expected = EVERY_KIND.map((event) =>
      event.event === "failed" ? { ...event, message: 'a "quoted" line\nand a lone surrogate \ud83d' } : event,
    );
    expect(await eventsOf(path)).toEqual(expected);
  });

  test("writes what it holds after the flush time, in one go", async () => {
    const { path, open, clock, syncs } = await setUp();
    const journal = await open({ flushMs: 200 });
    for (const row of upTo(50)) journal.append(rowEvent(row));
    await clock.advance(199);
    expect((await stat(path)).size).toBe(0);
    await clock.advance(1);
    await journal.flush();
    expect(rowsOf(await eventsOf(path))).toEqual(upTo(50));
    expect(syncs.writes).toBe(1);
    await journal.close();
    expect(clock.sleeping()).toBe(0);
  });

  test("writes before the flush time when much has gathered", async () => {
    const { path, open } = await setUp();
    const journal = await open({ flushMs: 1e9, flushBytes: 2_000 });
    for (const row of upTo(11)) journal.append(rowEvent(row));
    await expect.poll(async () => (await stat(path)).size).toBeGreaterThan(2_000);
    await journal.close();
    expect(rowsOf(await eventsOf(path))).toEqual(upTo(11));
  });

  test("appends to what earlier sessions wrote", async () => {
    const { path, open } = await setUp();
    for (const row of upTo(3)) {
      await using journal = await open();
      journal.append(rowEvent(row));
    }
    expect(rowsOf(await eventsOf(path))).toEqual(upTo(3));
  });

  test.each([
    ["always", 3],
    ["batch", 2],
    ["never", 0],
  ] as const)("with fsync %s syncs %i times for one flush, one checkpoint and the end", async (fsync, count) => {
    const { open, syncs } = await setUp();
    const journal = await open({ fsync });
    journal.append(rowEvent(0));
    await journal.flush();
    await journal.checkpoint();
    journal.append(rowEvent(1));
    await journal.close();
    expect(syncs.count).toBe(count);
  });

  test("cuts a torn last line off at whatever byte it was torn, and never glues a line to it", async () => {
    const { path, open, logged } = await setUp();
    const whole = encodeEvent(rowEvent(0)) + encodeEvent(rowEvent(1));
    const last = encodeEvent(rowEvent(2));
    for (let bytes = 0; bytes < last.length; bytes += 7) {
      await writeFile(path, whole + last.slice(0, bytes));
      expect(rowsOf(await eventsOf(path))).toEqual([0, 1]);
      await using journal = await open();
      journal.append(rowEvent(3));
      await journal.flush();
      expect(rowsOf(await eventsOf(path))).toEqual([0, 1, 3]);
    }
    expect(logged[0]).toBe(`info: ${path}: cut off 7 bytes of a last line that was never finished`);
  });

  test("cuts off a torn line longer than a block, and one that is the whole file", async () => {
    const { path, open } = await setUp();
    await writeFile(path, encodeEvent(rowEvent(0)) + "x".repeat(200_000));
    await (await open()).close();
    expect(rowsOf(await eventsOf(path))).toEqual([0]);
    await writeFile(path, "x".repeat(200_000));
    await (await open()).close();
    expect(await readFile(path, "utf8")).toBe("");
  });

  test("refuses NaN, which JSON would turn into something else, before anything is written", async () => {
    const { path, open } = await setUp();
    const journal = await open();
    expect(() => journal.append(rowEvent(7, { logProbs: [Number.NaN, 0, 0] }))).toThrow("row 7");
    expect(() => journal.append(rowEvent(7, { mass: Number.NaN }))).toThrow("row 7");
    await journal.close();
    expect(await readFile(path, "utf8")).toBe("");
  });

  test("takes nothing after its end, which may come twice", async () => {
    const { open } = await setUp();
    const journal = await open();
    await journal.close();
    await journal.close();
    expect(() => journal.append(rowEvent(0))).toThrow("closed");
  });

  test("says what to do when it cannot be opened", async () => {
    const { path, open } = await setUp();
    await appendFile(path, "");
    await expect(open({}, join(path, "journal.jsonl"))).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(/cannot open .*\(ENOTDIR\)/),
    });
  });
});

async function setUp() {
  const path = join(await temporaryFolder(), "journal.jsonl");
  const clock = createVirtualClock();
  const logged: string[] = [];
  const syncs = { count: 0, writes: 0 };
  const openFile: JournalOptions["openFile"] = async (name) => {
    const opened = await openJournalFile(name);
    const { file } = opened;
    return {
      ...opened,
      file: {
        write: (...args) => {
          syncs.writes += 1;
          return file.write(...args);
        },
        datasync: () => {
          syncs.count += 1;
          return file.datasync();
        },
        close: () => file.close(),
      },
    };
  };
  const open = (options: Partial<JournalOptions> = {}, name = path) =>
    openJournal(name, { clock, log: (level, text) => logged.push(`${level}: ${text}`), openFile, ...options });
  return { path, clock, logged, syncs, open };
}
