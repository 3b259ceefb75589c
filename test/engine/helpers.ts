import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Client, type ClientOptions, createClient } from "../../src/engine/client/client.ts";
import type { SpawnSpec } from "../../src/engine/life/server-arguments.ts";
import type { SpawnOptions } from "../../src/engine/life/spawn.ts";
import { Secret } from "../../src/secrets/secret.ts";
import type { Clock } from "../../src/types.ts";
import type { FakeKnobs } from "../fixtures/engine/fake-vllm.mjs";

export const FAKE: string = fileURLToPath(new URL("../fixtures/engine/fake-vllm.mjs", import.meta.url));

/** SmolLM2's A, B and tie, and an arbitrary prompt. */
export const LABELS = [49, 50, 36_521] as const;
export const PROMPT = [504, 3575, 282, 4649, 314] as const;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "abtie-engine-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Options for a fake server with these knobs; `tag` is in the environment of everything that comes of it. */
export async function spawnOptions(
  knobs: FakeKnobs,
  changes: { readonly spec?: Partial<SpawnSpec>; readonly options?: Partial<SpawnOptions> } = {},
): Promise<{ readonly options: SpawnOptions; readonly tag: string; readonly runDir: string }> {
  const runDir = await temporaryFolder();
  const tag = `ABTIE_TEST_TAG=${runDir}`;
  onTestFinished(() => killTagged(tag));
  const options: SpawnOptions = {
    spec: {
      command: process.execPath,
      args: [FAKE, "serve", "{model}"],
      env: { FAKE_VLLM: new Secret(JSON.stringify(knobs)), ABTIE_TEST_TAG: new Secret(runDir) },
      readyMs: 10_000,
      model: "no-folder",
      host: "127.0.0.1",
      port: null,
      stopGraceMs: 3_000,
      ...changes.spec,
    },
    runDir,
    random: Math.random,
    clock: realClock,
    log: () => {},
    env: { PATH: process.env["PATH"] },
    apiKey: new Secret("EMPTY"),
    redact: (text) => text,
    signal: new AbortController().signal,
    method: null,
    probe: async () => ({ prompt: PROMPT, ids: LABELS }),
    timeoutMs: 5_000,
    warmUpMs: 5_000,
    ...changes.options,
  };
  return { options, tag, runDir };
}

/** A client of a server, whose connections are closed when the test ends. */
export function clientOf(
  baseUrl: string,
  changes: Partial<Pick<ClientOptions, "timeoutMs" | "env">> & { readonly apiKey?: string } = {},
): Client {
  const { apiKey = "EMPTY", ...others } = changes;
  const secrets = { apiKey: new Secret(apiKey), access: null, redact: (text: string) => text };
  const client = createClient({ baseUrl, env: {}, clock: realClock, timeoutMs: 5_000, ...secrets, ...others });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}

/** Pids whose environment holds the tag and which are not zombies; written anew here, not taken from the code under test. */
export function taggedProcesses(tag: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(tag)) return false;
        return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The one tagged process whose command line holds these words. */
export function onePid(tag: string, words: string): number {
  const found = taggedProcesses(tag).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").includes(words),
  );
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} processes with ${words}`);
  return found[0];
}

/** Waits until the condition holds, at most 10 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i += 1) await sleep(50);
}

function killTagged(tag: string): void {
  for (const pid of taggedProcesses(tag)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
