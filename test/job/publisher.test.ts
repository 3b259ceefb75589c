import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultEscalation } from "../../src/escalate/model.ts";
import { createPublisher, type PublisherOptions } from "../../src/job/publisher.ts";
import { createCombination } from "../../src/judge/aggregate.ts";
import type { Journal } from "../../src/runfolder/journal/append.ts";
import { readRows } from "../../src/runfolder/rows-file.ts";
import { fold } from "../../src/runfolder/state/fold.ts";
import { createRunState } from "../../src/runfolder/state/run-state.ts";
import { CLASSES } from "../../src/types.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";
import { failedEvent, rowEvent } from "../runfolder/samples.ts";

test("rows.jsonl counts every request of a row once, failed ones of earlier sessions included", async () => {
  const folder = await temporaryFolder();
  const state = createRunState(4, CLASSES);
  // Row 0: two failures and the answer in one session. Row 1: a failure in each order, then both answers.
  // Row 2: two failures in an earlier session, then an answer at the first attempt. Row 3: never tried.
  for (const event of [
    failedEvent([0]),
    failedEvent([0]),
    rowEvent(0, { attempts: 3 }),
    failedEvent([1]),
    failedEvent([1], { order: "ba" }),
    rowEvent(1, { attempts: 2 }),
    rowEvent(1, { order: "ba", attempts: 2 }),
    failedEvent([2]),
    failedEvent([2], { final: true }),
    rowEvent(2, { attempts: 1 }),
  ]) {
    fold(state, event);
  }
  const publisher = createPublisher({ ...publisherOptions(folder, createVirtualClock()), state });
  await publisher.publishFirst();
  const attempts: number[] = [];
  for await (const row of readRows(join(folder, "rows.jsonl"))) attempts.push(row.attempts);
  expect(attempts).toEqual([3, 4, 3, 0]);
});

function publisherOptions(folder: string, clock: PublisherOptions["clock"]): PublisherOptions {
  return {
    ids: ["first", "second", "third", "fourth"],
    state: createRunState(4, CLASSES),
    journal: { checkpoint: async () => {} } as unknown as Journal,
    aggregate: () => ({ probabilities: [0.5, 0.3, 0.2], note: null }),
    verdictOf: null,
    prior: [1 / 3, 1 / 3, 1 / 3],
    submission: join(folder, "submission.csv"),
    form: { kind: "submission", gzip: false, columns: [] },
    input: { path: "rows.csv", names: [], chosen: null, readCells: async () => [] },
    rows: join(folder, "rows.jsonl"),
    columns: { id: "id", labels: ["a", "b", "tie"] },
    classes: CLASSES,
    clip: [0.001, 0.999],
    clock,
    log: () => {},
  };
}

test("combines the used answers of two judges alone: none of the second while its labels get almost no probability", () => {
  const states = [createRunState(4, CLASSES), createRunState(4, CLASSES)] as const;
  for (const state of states) fold(state, rowEvent(0));
  const mass = { minimum: 0.01, action: "floor" } as const;
  const combine = createCombination(defaultEscalation(CLASSES), { mass, prior: [1 / 3, 1 / 3, 1 / 3] });
  let isUsed = true;
  const options = publisherOptions("", createVirtualClock());
  const second = { state: states[1], journal: options.journal, combine, isUsed: () => isUsed };
  const { combined, outcome } = createPublisher({ ...options, state: states[0], second });
  for (const [used, counts] of [
    [true, [1, 1]],
    [false, [1, 0]],
  ] as const) {
    isUsed = used;
    expect(combined(0)).toMatchObject({ counts, probabilities: outcome(0).probabilities });
    expect(combined(1)).toBe(null);
  }
});

test("writes one version of the results at a time: one that is closed while answers come in too", async () => {
  const folder = await temporaryFolder();
  const clock = createVirtualClock();
  const writers = { now: 0, most: 0, versions: 0 };
  const checkpoint = async (): Promise<void> => {
    writers.now += 1;
    writers.versions += 1;
    writers.most = Math.max(writers.most, writers.now);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    writers.now -= 1;
  };
  const publisher = createPublisher({
    ...publisherOptions(folder, clock),
    journal: { checkpoint } as unknown as Journal,
  });
  await publisher.publishFirst();
  for (let row = 0; row < 499; row += 1) publisher.answered();
  const closing = publisher.close();
  for (let row = 0; row < 500; row += 1) publisher.answered();
  await Promise.all([closing, publisher.close()]);
  expect(writers.most).toBe(1);
  expect(writers.versions).toBe(3);
});
