import { execFileSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { openJournal } from "../../src/runfolder/journal/append.ts";
import type { JournalFile } from "../../src/runfolder/journal/open-file.ts";
import { systemClock } from "../../src/system.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";
import { eventsOf, rowEvent, rowsOf, temporaryFolder, upTo } from "./samples.ts";

describe("a journal whose file refuses", () => {
  test("never throws into the run, says so once, and writes the backlog when the file takes it again", async () => {
    const disk = createDisk();
    const clock = createVirtualClock();
    const logged: string[] = [];
    const log = (level: string, text: string) => logged.push(`${level}: ${text}`);
    const journal = await openJournal("run/journal.jsonl", { clock, log, openFile: disk.open, flushMs: 100 });
    journal.append(rowEvent(0));
    await clock.advance(100);
    expect(logged).toEqual([]);
    disk.room = disk.bytes().length + 50;
    for (const row of [1, 2, 3, 4]) {
      journal.append(rowEvent(row));
      await clock.advance(5_000);
    }
    expect(disk.rows()).toEqual([0]);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^error: cannot write run\/journal.jsonl \(ENOSPC\): the disk is full.*kept in memory/);
    disk.room = Number.POSITIVE_INFINITY;
    await clock.advance(10_000);
    expect(disk.rows()).toEqual([0, 1, 2, 3, 4]);
    expect(logged.slice(1)).toEqual(["info: run/journal.jsonl: the journal is written again"]);
    await journal.close();
    expect(clock.sleeping()).toBe(0);
  });

  test("tries again ever more rarely, at most every 10 s", async () => {
    const disk = createDisk();
    disk.room = 0;
    const clock = createVirtualClock();
    const journal = await openJournal("journal.jsonl", { clock, log: () => {}, openFile: disk.open, flushMs: 100 });
    journal.append(rowEvent(0));
    await clock.advance(60_000);
    expect(disk.refusals()).toBeGreaterThan(8);
    expect(disk.refusals()).toBeLessThan(16);
    await journal.close();
  });

  test("says at its end how much was never written, and still does not throw", async () => {
    const disk = createDisk();
    disk.room = 10;
    const logged: string[] = [];
    const journal = await openJournal("journal.jsonl", {
      clock: createVirtualClock(),
      log: (_, text) => logged.push(text),
      openFile: disk.open,
    });
    for (const row of upTo(3)) journal.append(rowEvent(row));
    await journal.close();
    expect(logged.at(-1)).toBe("journal.jsonl: 3 events could not be written");
  });

  test("treats a sync that fails like a write that fails", async () => {
    const disk = createDisk();
    disk.syncs = false;
    const logged: string[] = [];
    const journal = await openJournal("journal.jsonl", {
      clock: createVirtualClock(),
      log: (level, text) => logged.push(`${level}: ${text}`),
      openFile: disk.open,
    });
    journal.append(rowEvent(0));
    await journal.checkpoint();
    expect(logged).toEqual([expect.stringContaining("EIO")]);
    disk.syncs = true;
    await journal.checkpoint();
    expect(logged.slice(1)).toEqual(["info: journal.jsonl: the journal is written again"]);
    await journal.close();
  });

  test("keeps every line once and in order, whatever the file takes and when", async () => {
    const step = fc.oneof(
      fc.record({ room: fc.nat(1_500) }),
      fc.record({ chunk: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ append: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ wait: fc.integer({ min: 1, max: 3_000 }) }),
      fc.constant({ checkpoint: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const disk = createDisk();
        const clock = createVirtualClock();
        const options = { clock, log: () => {}, openFile: disk.open, flushMs: 100, flushBytes: 900 };
        const journal = await openJournal("journal.jsonl", options);
        let rows = 0;
        for (const step of steps) {
          if ("room" in step) disk.room = disk.bytes().length + step.room;
          if ("chunk" in step) disk.chunk = step.chunk;
          if ("append" in step) for (let i = 0; i < step.append; i++) journal.append(rowEvent(rows++));
          if ("wait" in step) await clock.advance(step.wait);
          if ("checkpoint" in step) await journal.checkpoint();
          expect(disk.rows()).toEqual(upTo(disk.rows().length));
        }
        disk.room = Number.POSITIVE_INFINITY;
        await journal.close();
        expect(disk.rows()).toEqual(upTo(rows));
      }),
      { numRuns: 100 },
    );
  });

  test("survives a real disk that is full, and has every line when there is room again", async ({ skip }) => {
    const folder = await temporaryFolder();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "pipe" });
    } catch {
      skip("mounting a small tmpfs is not permitted here: run as root to test a full disk");
    }
    onTestFinished(() => void execFileSync("umount", [folder]));
    const filler = join(folder, "filler");
    const path = join(folder, "journal.jsonl");
    await writeFile(filler, Buffer.alloc(32 << 10));
    const levels: string[] = [];
    await using journal = await openJournal(path, {
      clock: systemClock,
      log: (level) => levels.push(level),
      flushMs: 5,
      flushBytes: 1_000,
    });
    for (const row of upTo(200)) {
      journal.append(rowEvent(row));
      if (row % 10 === 0) await journal.flush();
    }
    await journal.flush();
    expect(levels).toEqual(["error"]);
    const before = rowsOf(await eventsOf(path));
    expect(before).toEqual(upTo(before.length));
    expect(before.length).toBeGreaterThan(50);
    expect(before.length).toBeLessThan(200);
    await rm(filler);
    await journal.flush();
    expect(levels).toEqual(["error", "info"]);
    expect(rowsOf(await eventsOf(path))).toEqual(upTo(200));
  });
});

/** A file in memory that takes no more than `room` bytes in all, and `chunk` bytes a write. */
function createDisk() {
  let content = Buffer.alloc(0);
  let refusals = 0;
  const disk = {
    room: Number.POSITIVE_INFINITY,
    chunk: Number.POSITIVE_INFINITY,
    syncs: true,
    bytes: () => content,
    refusals: () => refusals,
    rows: () =>
      content
        .toString()
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line))
        .flatMap((event) => (event.event === "row" ? [event.row as number] : [])),
    open: async () => ({ file, size: 0, cut: 0 }),
  };
  const file: JournalFile = {
    write: async (buffer, offset, length, position) => {
      const bytesWritten = Math.min(length, disk.chunk, disk.room - position);
      if (bytesWritten <= 0) {
        refusals += 1;
        throw systemError("ENOSPC");
      }
      content = Buffer.concat([content.subarray(0, position), buffer.subarray(offset, offset + bytesWritten)]);
      return { bytesWritten };
    },
    datasync: async () => {
      if (!disk.syncs) throw systemError("EIO");
    },
    close: async () => {},
  };
  return disk;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused, write`), { code, syscall: "write" });
}
