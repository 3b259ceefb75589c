import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeEvent, JOURNAL_FORMAT, OLDEST_JOURNAL_FORMAT } from "../../src/runfolder/journal/events.ts";
import { resumeRun } from "../../src/runfolder/state/resume.ts";
import { attemptsOf, isAnswered, lastFailure } from "../../src/runfolder/state/run-state.ts";
import { CLASSES } from "../../src/types.ts";
import { eventsOf, failedEvent, rowEvent, rowsOf, temporaryFolder, upTo, write } from "./samples.ts";

describe("reading a journal", () => {
  test("leaves out a torn last line, also when it is torn within a character", async () => {
    const torn = Buffer.from(encodeEvent(failedEvent([1], { message: "日本" })));
    const whole = Buffer.from(encodeEvent(rowEvent(0)));
    for (let bytes = 0; bytes < torn.length; bytes++) {
      const path = await write(Buffer.concat([whole, torn.subarray(0, bytes)]));
      expect(rowsOf(await eventsOf(path))).toEqual([0]);
    }
  });

  test("reads lines that lie across blocks, and characters too", async () => {
    const rows = upTo(3_000);
    const messages = rows.map((row) => "日本é".repeat(row === 1_500 ? 100_000 : row % 50));
    const path = await write(
      rows.map((row) => encodeEvent(failedEvent([row], { message: messages[row] ?? "" }))).join(""),
    );
    const events = await eventsOf(path);
    expect(events.map((event) => event.event === "failed" && event.message)).toEqual(messages);
  });

  test.each([
    ["garbage", "\u0000\u0000\u0000", "it is not JSON"],
    [
      "two lines glued together",
      `${encodeEvent(rowEvent(1)).trim()}${encodeEvent(rowEvent(2)).trim()}`,
      "it is not JSON",
    ],
    ["an unknown event", '{"event":"row-result","row":1}', "event"],
    ["a missing field", '{"event":"checkpoint"}', "at"],
    ["a word that is not one of a closed set", '{"event":"session-end","at":1,"status":"asleep"}', "status"],
    ["a decision of format 2", '{"event":"decision","name":"step","figures":{},"at":1}', "event"],
    ["a field of the wrong kind", JSON.stringify({ ...rowEvent(1), tokens: "200" }), "tokens"],
    ["an empty line", "", "it is not JSON"],
    ["a log probability above 0", JSON.stringify({ ...rowEvent(1), logProbs: [5000, -1, -2] }), "logProbs"],
    ["a label mass above 1", JSON.stringify({ ...rowEvent(1), mass: 1e300 }), "mass"],
    ["a negative label mass", JSON.stringify({ ...rowEvent(1), mass: -0.5 }), "mass"],
    ["a million brackets", `{"event":${"[".repeat(1_000_000)}`, "it is not JSON"],
    ["a thousand closed brackets", `{"event":${"[".repeat(1_000)}${"]".repeat(1_000)}}`, "it is not JSON"],
  ])("names file and line of %s before the end", async (_, line, detail) => {
    const path = await write(`${encodeEvent(rowEvent(0))}${line}\n${encodeEvent(rowEvent(2))}`);
    const error = await eventsOf(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "data",
      message: expect.stringContaining(`${path}, line 2: expected a journal event`),
    });
    expect(error).toHaveProperty("message", expect.stringContaining("remove that line to score its rows again"));
    expect((error as { details: string[] }).details.join("\n")).toContain(detail);
  });

  test.each([
    [JOURNAL_FORMAT + 1, "a newer"],
    [OLDEST_JOURNAL_FORMAT - 1, "an older"],
  ])("refuses a journal of format %i, whose rows may mean something else", async (format, age) => {
    const start = `{"event":"session-start","at":1,"format":${format},"pid":1,"version":"9.0.0"}\n`;
    const path = await write(`${start}{"event":"row","colour":"red"}\n`);
    await expect(eventsOf(path)).rejects.toMatchObject({
      code: "data",
      message:
        `${path}, line 1: the journal was written by ${age} version of abtie (abtie 9.0.0, format ${format}), and this version ` +
        `reads the formats ${OLDEST_JOURNAL_FORMAT} to ${JOURNAL_FORMAT} only: use that version, or start a new run (--fresh, or another folder with --run).`,
    });
  });

  test("says that there is no file", async () => {
    const path = join(await temporaryFolder(), "journal.jsonl");
    await expect(eventsOf(path)).rejects.toThrow(/cannot read .*ENOENT/);
  });
});

describe("resuming a run", () => {
  test("begins with nothing when there is no journal", async () => {
    const state = await resumeRun(join(await temporaryFolder(), "journal.jsonl"), 10, CLASSES);
    expect(state.orders.ab.answered).toBe(0);
  });

  test("knows answers, failures and attempts of earlier sessions", async () => {
    const path = await write(
      [
        { event: "session-start", at: 1, format: JOURNAL_FORMAT, pid: 1, version: "0.1.0" } as const,
        failedEvent([0, 1], { reason: "timeout" }),
        rowEvent(0, { attempts: 2 }),
        { event: "session-start", at: 9, format: JOURNAL_FORMAT, pid: 2, version: "0.1.0" } as const,
        failedEvent([1], { reason: "server", final: true }),
        { event: "session-end", at: 10, status: "interrupted" } as const,
      ]
        .map(encodeEvent)
        .join(""),
    );
    const state = await resumeRun(path, 3, CLASSES);
    expect([0, 1, 2].map((row) => isAnswered(state, row, "ab"))).toEqual([true, false, false]);
    expect([0, 1, 2].map((row) => lastFailure(state, row, "ab")?.reason ?? null)).toEqual(["timeout", "server", null]);
    expect([0, 1, 2].map((row) => attemptsOf(state, row, "ab"))).toEqual([2, 2, 0]);
  });

  test("names the line of a row that the data file does not have", async () => {
    const path = await write(encodeEvent(rowEvent(0)) + encodeEvent(rowEvent(10)));
    await expect(resumeRun(path, 10, CLASSES)).rejects.toMatchObject({
      code: "data",
      message: expect.stringContaining(`${path}, line 2: row 10 in the journal of a run of 10 rows`),
    });
  });
});
