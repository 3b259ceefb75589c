import { describe, expect, test } from "vitest";
import { createLockWatch } from "./lock-watch.ts";
import type { Process } from "./world.ts";

const LOCK = "/run/lock";
const HOLDER = `${LOCK}/holder.json`;

/** What is done, in order: process, kind, path. */
type Step = readonly [name: string, kind: string, path: string];

function violationsOf(steps: readonly Step[]): readonly string[] {
  const violations: string[] = [];
  const watch = createLockWatch(LOCK, (violation) => violations.push(violation));
  const processes = new Map<string, Process>();
  for (const [name, kind, path] of steps) {
    const process = processes.get(name) ?? { name, isDead: false, stoppedUntil: 0 };
    processes.set(name, process);
    const operation = { process, kind, path, changes: true };
    watch.begins(operation);
    watch.done(operation);
  }
  return violations;
}

const taken = (name: string): readonly Step[] => [
  [name, "mkdir", LOCK],
  [name, "create", HOLDER],
];
const claimedBy = (name: string): Step => [name, "rename", `${LOCK} to ${LOCK}.1`];

describe("a process that has lost its lock", () => {
  test.each<readonly [string, Step]>([
    ["appends to the journal", ["one", "append", "/run/journal.jsonl"]],
    ["makes the folder of the lock again", ["one", "mkdir", LOCK]],
    ["removes the holder of another process", ["one", "rm", HOLDER]],
  ])("is reported when it %s", (_, step) => {
    expect(violationsOf([...taken("one"), claimedBy("two"), ...taken("two"), step])).toEqual([
      `one has lost the lock and goes on: ${step[1]} ${step[2]}`,
    ]);
  });

  test("may remove its temporary files and an empty folder", () => {
    const steps: readonly Step[] = [
      ["one", "rm", "/run/.rows.jsonl.1.tmp"],
      ["one", "rmdir", LOCK],
    ];
    expect(violationsOf([...taken("one"), claimedBy("two"), ...taken("two"), ...steps])).toEqual([]);
  });
});

test("a process that has made the folder and not yet the holder has no lock to lose, and may take it later", () => {
  const steps: readonly Step[] = [
    ["one", "mkdir", LOCK],
    claimedBy("two"),
    ...taken("two"),
    ["two", "rm", HOLDER],
    ["two", "rmdir", LOCK],
    ...taken("one"),
    ["one", "append", "/run/journal.jsonl"],
  ];
  expect(violationsOf(steps)).toEqual([]);
});
