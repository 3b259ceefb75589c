import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import type { FakeKnobs } from "../fixtures/engine/fake-vllm.mjs";
import { atEnd } from "./at-end.ts";
import { FAKE, LABELS, TOKENIZER } from "./job.ts";
import { until } from "./processes.ts";

/** A fake vLLM in a process of its own, which can be killed, frozen, and started again at the same address. */
export interface FakeProcess {
  readonly url: string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Kills it, and starts it again at the same address, with these knobs over the earlier ones. */
  readonly restart: (changes?: FakeKnobs) => Promise<void>;
  /** Prompts that the process now at work was asked. */
  readonly prompts: () => Promise<number>;
}

/** Starts one; it is killed at the end. */
export async function startFakeProcess(knobs: FakeKnobs = {}): Promise<FakeProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child = launch(port, knobs);
  atEnd(() => void child.kill("SIGKILL"));
  const ready = (): Promise<void> => until("the fake listens", () => answers(`${url}/health`));
  await ready();
  return {
    url,
    signal: (signal) => void child.kill(signal),
    restart: async (changes = {}) => {
      child.kill("SIGKILL");
      child = launch(port, { ...knobs, ...changes });
      await ready();
    },
    prompts: async () => ((await (await fetch(`${url}/fake/stats`)).json()) as { prompts: number }).prompts,
  };
}

function launch(port: number, knobs: FakeKnobs): ChildProcess {
  const settings = { labels: LABELS, modelDir: TOKENIZER, quiet: true, ...knobs };
  return spawn(process.execPath, [FAKE, "serve", TOKENIZER, "--port", String(port), "--served-model-name", "fake"], {
    env: { PATH: process.env["PATH"], FAKE_VLLM: JSON.stringify(settings) },
    stdio: "ignore",
  });
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
