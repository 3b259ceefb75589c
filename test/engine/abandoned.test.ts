import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LABELS, onePid, PROMPT, spawnOptions, taggedProcesses, until } from "./helpers.ts";

const SCRIPT = fileURLToPath(new URL("../fixtures/engine/abandon-engine.mjs", import.meta.url));
/** The worst case: the server ignores SIGTERM and has an orphan in a session of its own that does so too. */
const STUBBORN = { ignoreSigterm: true, orphan: true };

/** Starts a process that uses spawnEngine; its own environment lacks the tag, so that only the server's processes have it. */
async function abandon(
  ending: "wait" | "throw" | "exit",
  detached = false,
): Promise<{ parent: ChildProcess; tag: string }> {
  const { options, tag } = await spawnOptions(STUBBORN, { spec: { stopGraceMs: 300 } });
  const { runDir, env, method, timeoutMs, warmUpMs } = options;
  const variables = Object.entries(options.spec.env).map(([name, value]) => [name, value.reveal()]);
  const spec = { ...options.spec, env: Object.fromEntries(variables) };
  const given = { spec, runDir, env, method, timeoutMs, warmUpMs, probeInput: { prompt: PROMPT, ids: LABELS } };
  const parent = spawn(process.execPath, [SCRIPT, JSON.stringify(given), ending], {
    stdio: ["ignore", "pipe", "ignore"],
    detached,
  });
  await Promise.race([
    once(parent.stdout, "data"),
    once(parent, "exit").then(() => Promise.reject(new Error("no start"))),
  ]);
  return { parent, tag };
}

test("nothing of a server is left after its parent was killed by kill -9", async () => {
  const { parent, tag } = await abandon("wait");
  expect(taggedProcesses(tag).length).toBeGreaterThanOrEqual(3);
  parent.kill("SIGKILL");
  await until(() => taggedProcesses(tag).length === 0);
  expect(taggedProcesses(tag)).toEqual([]);
});

test("nothing of a server is left after Ctrl-C in the terminal's process group", async () => {
  const { parent, tag } = await abandon("wait", true);
  const server = onePid(tag, "fake-vllm.mjs serve");
  process.kill(-(parent.pid ?? 0), "SIGINT");
  await until(() => taggedProcesses(tag).length === 0);
  expect(taggedProcesses(tag)).toEqual([]);
  expect(() => process.kill(server, 0)).toThrow();
});

test.each(["throw", "exit"] as const)(
  "nothing of a server is left when its parent ends by %s without stopping it",
  async (ending) => {
    const { tag } = await abandon(ending);
    await until(() => taggedProcesses(tag).length === 0);
    expect(taggedProcesses(tag)).toEqual([]);
  },
);
