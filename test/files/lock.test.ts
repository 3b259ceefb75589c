import { once } from "node:events";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { acquireLock, withLock } from "../../src/files/lock.ts";
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
  expect(await withLock(path, PURPOSE, async () => (await readdir(folder)).sort())).toEqual([".lock", ".lock.holder"]);
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
  const wait = { signal: controller.signal };
  const clock = { ...systemClock, sleep: async () => controller.abort(new Error("Ctrl-C")) };
  await expect(acquireLock(path, { ...PURPOSE, clock, wait })).rejects.toThrow("Ctrl-C");
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

test("takes over a lock that nobody has renewed for a while, wherever its holder ran", async () => {
  const path = join(await temporaryFolder(), ".lock");
  const { child } = await holdInProcess(path, "another-host");
  await expect(acquireLock(path, PURPOSE)).rejects.toThrow(`process ${child.pid} on another-host (child`);
  await kill(child);
  await expect(acquireLock(path, PURPOSE)).rejects.toThrow("on another-host");
  await utimes(path, 1000, 1000);
  await using lock = await acquireLock(path, PURPOSE);
  expect(lock.lost.aborted).toBe(false);
});

test("notifies a holder whose lock was taken away", async () => {
  const path = join(await temporaryFolder(), ".lock");
  const lock = await acquireLock(path, PURPOSE);
  await rm(path, { recursive: true });
  await once(lock.lost, "abort");
  expect(lock.lost.reason).toMatchObject({ code: "data", message: expect.stringContaining("still needs it") });
  await lock[Symbol.asyncDispose]();
});

type Child = ReturnType<typeof startHolder>;

/** Starts a process that takes the lock and keeps it until it is killed; resolves when it holds it, or has ended without. */
async function holdInProcess(path: string, host = hostname()): Promise<{ child: Child; held: boolean }> {
  const child = startHolder(path, host);
  onTestFinished(() => kill(child));
  const held = await Promise.race([once(child.stdout, "data").then(() => true), child.then(() => false)]);
  return { child, held };
}

// Its return type is one that only execa can name.
function startHolder(path: string, host: string) {
  const program = join(import.meta.dirname, "../fixtures/files/hold-lock.mjs");
  return execa(process.execPath, [program, path, host], { reject: false, buffer: false });
}

async function kill(child: Child): Promise<void> {
  child.kill("SIGKILL");
  await child;
}
