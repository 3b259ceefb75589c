import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { nodeDisk } from "../../src/files/disk.ts";
import { fenceDisk } from "../../src/files/fenced-disk.ts";
import { holderState, thisMachine } from "../../src/files/holder.ts";
import { acquireLock, withLock } from "../../src/files/lock.ts";
import { claimLock, readLock } from "../../src/files/lock-folder.ts";
import { systemClock } from "../../src/system.ts";

const PURPOSE = { purpose: "abtie run", clock: systemClock };

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "abtie-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("runs the function, returns its value and frees the lock", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, ".lock");
  expect(await withLock(path, PURPOSE, () => readdir(folder))).toEqual([".lock"]);
  expect(await withLock(path, PURPOSE, async () => 2)).toBe(2);
  expect(await readdir(folder)).toEqual([]);
});

test("frees the lock when the function throws", async () => {
  const folder = await temporaryFolder();
  await expect(withLock(join(folder, ".lock"), PURPOSE, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await readdir(folder)).toEqual([]);
});

test("names the process that holds the lock, and what it does", async () => {
  const path = join(await temporaryFolder(), ".lock");
  await using _lock = await acquireLock(path, { ...PURPOSE, purpose: "abtie setup" });
  await expect(acquireLock(path, PURPOSE)).rejects.toMatchObject({
    code: "data",
    message: expect.stringMatching(
      new RegExp(`held by process ${process.pid} \\(abtie setup, since 20\\d\\d-.*Z\\): wait until it ends, or end it`),
    ),
  });
});

test("names the time at which the lock was taken, however often it was renewed since", async () => {
  const path = join(await temporaryFolder(), ".lock");
  const before = Date.now();
  await using _lock = await acquireLock(path, PURPOSE);
  const later = new Date(Date.now() + 5_000);
  for (const name of await readdir(path)) await utimes(join(path, name), later, later);
  const error = await acquireLock(path, PURPOSE).catch((reason: unknown) => reason);
  const since = Date.parse(/since (\S+Z)/.exec(String(error))?.[1] ?? "");
  expect(since).toBeGreaterThanOrEqual(before);
  expect(since).toBeLessThan(later.getTime() - 1_000);
});

test("reports that the parent folder is missing", async () => {
  const path = join(await temporaryFolder(), "no", ".lock");
  await expect(acquireLock(path, PURPOSE)).rejects.toThrow(/cannot lock .* \(ENOENT\): the file or its folder/);
});

test("waits until the lock is free if asked to, and reports the holder once", async () => {
  const path = join(await temporaryFolder(), ".lock");
  const first = await acquireLock(path, { ...PURPOSE, purpose: "abtie setup" });
  const waitedFor: string[] = [];
  let naps = 0;
  const wait = {
    onWait: (holder: string) => waitedFor.push(holder),
  };
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    if (ms !== 500) return systemClock.sleep(ms, signal);
    naps += 1;
    if (naps === 3) await first[Symbol.asyncDispose]();
  };
  await using second = await acquireLock(path, { ...PURPOSE, clock: { ...systemClock, sleep }, wait });
  expect(second.lost.aborted).toBe(false);
  expect(naps).toBe(3);
  expect(waitedFor).toEqual([expect.stringContaining(`process ${process.pid} (abtie setup`)]);
});

test("stops waiting when the signal aborts", async () => {
  const path = join(await temporaryFolder(), ".lock");
  await using _lock = await acquireLock(path, PURPOSE);
  const controller = new AbortController();
  const { signal } = controller;
  const clock = { ...systemClock, sleep: async () => controller.abort(new Error("Ctrl-C")) };
  await expect(acquireLock(path, { ...PURPOSE, clock, signal, wait: {} })).rejects.toThrow("Ctrl-C");
});

test("takes over at once from a process that was killed", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, ".lock");
  const { child } = await holdInProcess(path);
  await expect(acquireLock(path, PURPOSE)).rejects.toThrow(`process ${child.pid} (child`);
  await kill(child);
  await withLock(path, PURPOSE, async () => expect(await readdir(folder)).toContain(".lock"));
  expect(await readdir(folder)).toEqual([]);
});

test("lets exactly one of several processes take over from a killed one", async () => {
  const path = join(await temporaryFolder(), ".lock");
  const { child } = await holdInProcess(path);
  await kill(child);
  const others = await Promise.all([1, 2, 3].map(() => holdInProcess(path)));
  expect(others.filter(({ held }) => held)).toHaveLength(1);
  await Promise.all(others.map((other) => kill(other.child)));
});

test("judges a holder of another pid namespace by its renewals alone", async () => {
  const path = join(await temporaryFolder(), ".lock");
  const { child } = await holdInProcess(path, "another-table");
  // It is renewed every 2 s.
  await expect(acquireLock(path, PURPOSE)).rejects.toThrow(`process ${child.pid} (child`);
  await kill(child);
  const began = performance.now();
  await using lock = await acquireLock(path, PURPOSE);
  expect(lock.lost.aborted).toBe(false);
  expect(performance.now() - began).toBeGreaterThan(9_000);
});

test("takes over at once from an earlier process with its own pid", async () => {
  const path = join(await temporaryFolder(), ".lock");
  await mkdir(path);
  const { pid, host, processTable } = thisMachine;
  const earlier = { pid, host, processTable, started: "1", purpose: "abtie run", token: "t" };
  await writeFile(join(path, "holder.json"), JSON.stringify(earlier));
  const began = performance.now();
  await using _lock = await acquireLock(path, PURPOSE);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("takes over the lock of an earlier version, whose holder is unknown", async () => {
  const path = join(await temporaryFolder(), ".lock");
  await mkdir(path);
  await using lock = await acquireLock(path, PURPOSE);
  await lock.ensure();
});

test.each([
  ["the same process", {}, "runs"],
  ["a process that has ended", { pid: 8 }, "ended"],
  ["a later process with the pid", { started: "99" }, "ended"],
  ["a process of a system that states no starts", { started: "unknown" }, "runs"],
  ["another pid namespace", { processTable: "boot pid:[2]" }, "unknown"],
  ["another start of the machine", { processTable: "reboot pid:[1]" }, "unknown"],
] as const)("judges a holder that is %s", (_name, given, state) => {
  const machine = {
    pid: 9,
    host: "h",
    processTable: "boot pid:[1]",
    startOf: (pid: number) => (pid === 7 ? "42" : null),
  };
  const holder = { pid: 7, host: "h", processTable: "boot pid:[1]", started: "42", purpose: "p", token: "t" };
  expect(holderState({ ...holder, ...given }, machine)).toBe(state);
  expect(holderState(null, machine)).toBe("unknown");
});

test("a holder that was stopped for longer than the life of its lock writes nothing more", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, ".lock");
  let asleep = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + asleep };
  const first = await acquireLock(path, { ...PURPOSE, clock });
  const disk = fenceDisk(nodeDisk, first.ensure);
  await disk.mkdir(join(folder, "before"));
  // Nobody takes the lock meanwhile: the holder renews it and goes on.
  asleep += 60_000;
  await disk.mkdir(join(folder, "between"));
  await rm(path, { recursive: true });
  await using _second = await acquireLock(path, PURPOSE);
  asleep += 60_000;
  await expect(disk.mkdir(join(folder, "after"))).rejects.toThrow("was taken by another process");
  await expect(disk.open(join(folder, "file"), "wx")).rejects.toThrow("was taken by another process");
  expect((await readdir(folder)).sort()).toEqual([".lock", "before", "between"]);
  await first[Symbol.asyncDispose]();
  expect(await readdir(path)).toEqual(["holder.json"]);
});

test.each<readonly [string, (path: string) => Promise<unknown>, RegExp]>([
  ["a file", (path) => writeFile(path, "mine"), /\.lock is a file, so it is no lock of abtie/],
  ["a link that leads nowhere", (path) => symlink("/nowhere/at/all", path), /\.lock is a link that leads nowhere/],
])("%s in the place of a lock is named at once and left as it is", async (_, make, message) => {
  const folder = await temporaryFolder();
  const path = join(folder, ".lock");
  await make(path);
  await expect(acquireLock(path, PURPOSE)).rejects.toMatchObject({
    code: "data",
    message: expect.stringMatching(message),
  });
  expect(await readdir(folder)).toEqual([".lock"]);
});

test("a folder of a person that has the name of a lock is not taken for one that was left", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, ".lock");
  await mkdir(path);
  await writeFile(join(path, "holder.json"), "{}");
  await writeFile(join(path, "mine"), "mine");
  const seen = await readLock(path, nodeDisk);
  if (seen === null) throw new Error("expected a folder");
  await expect(claimLock(path, seen, nodeDisk)).rejects.toMatchObject({
    code: "data",
    message: expect.stringMatching(/\.lock holds mine, so it is no lock of abtie/),
  });
  expect((await readdir(path)).sort()).toEqual(["holder.json", "mine"]);
});

test("notifies a holder whose lock was taken away", async () => {
  const path = join(await temporaryFolder(), ".lock");
  const lock = await acquireLock(path, PURPOSE);
  await rm(path, { recursive: true });
  await once(lock.lost, "abort");
  expect(lock.lost.reason).toMatchObject({
    code: "data",
    message: expect.stringContaining("was taken by another process"),
  });
  await lock[Symbol.asyncDispose]();
});

type Child = ReturnType<typeof startHolder>;

/** Starts a process that takes the lock and keeps it until it is killed; resolves when it holds it, or has ended without. */
async function holdInProcess(path: string, table: string | null = null): Promise<{ child: Child; held: boolean }> {
  const child = startHolder(path, table);
  onTestFinished(() => kill(child));
  const held = await Promise.race([once(child.stdout, "data").then(() => true), child.then(() => false)]);
  return { child, held };
}

// Its return type is one that only execa can name.
function startHolder(path: string, table: string | null) {
  const program = join(import.meta.dirname, "../fixtures/files/hold-lock.mjs");
  return execa(process.execPath, [program, path, ...(table === null ? [] : [table])], { reject: false, buffer: false });
}

async function kill(child: Child): Promise<void> {
  child.kill("SIGKILL");
  await child;
}
