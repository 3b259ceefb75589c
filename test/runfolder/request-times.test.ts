import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeEvent, JOURNAL_FORMAT } from "../../src/runfolder/journal/events.ts";
import { measureSpeed } from "../../src/runfolder/request-times.ts";
import { rowEvent, temporaryFolder } from "./samples.ts";

test("the speed of an engine is that of all answers in the time with a request in flight, over all sessions", async () => {
  const file = join(await temporaryFolder(), "journal.jsonl");
  const session = { event: "session-start", at: 0, format: JOURNAL_FORMAT, pid: 1, version: "1" } as const;
  const events = [
    session,
    { event: "start-up", at: 9_000, seconds: 9 } as const,
    // Two requests at the same time, of long rows first; a second session after a pause of an hour.
    rowEvent(0, { tokens: 900, at: 13_000, ms: 4_000 }),
    rowEvent(1, { tokens: 700, at: 13_000, ms: 3_000 }),
    session,
    { event: "start-up", at: 3_600_000, seconds: 12 } as const,
    rowEvent(2, { tokens: 400, at: 3_616_000, ms: 1_000 }),
  ];
  await writeFile(file, events.map(encodeEvent).join(""));
  expect(await measureSpeed(file)).toEqual({ tokensPerSecond: 2_000 / 5, startUpSeconds: 12 });
  await writeFile(file, encodeEvent(session));
  expect(await measureSpeed(file)).toEqual({ tokensPerSecond: null, startUpSeconds: null });
});
