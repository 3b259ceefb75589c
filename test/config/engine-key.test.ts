import { expect, test } from "vitest";
import type { AttachConfig, SpawnConfig } from "../../src/config/config.ts";
import { engineKey } from "../../src/config/engine-key.ts";
import { Secret } from "../../src/secrets/secret.ts";

const COMMON = {
  name: "own",
  tokenizer: null,
  chatTemplateKwargs: {},
  maxModelLen: null,
  concurrency: null,
  promptsPerRequest: null,
  method: "auto",
  classes: null,
} as const;

const spawned = (backend: string): SpawnConfig => ({
  ...COMMON,
  kind: "spawn",
  command: "vllm",
  args: ["serve", new Secret("hidden")],
  env: { VLLM_ATTENTION_BACKEND: new Secret(backend) },
  model: "/models/m",
  port: null,
  replicas: 1,
  gpusPerReplica: 1,
  readyMs: 1,
  stopGraceMs: 1,
  keep: null,
  apiKey: new Secret("EMPTY"),
});

const attached = (key: string): AttachConfig => ({
  ...COMMON,
  kind: "attach",
  urls: ["http://127.0.0.1:8000"],
  access: [],
  model: null,
  apiKey: new Secret(key),
});

test("two engines are the same only if their secrets are", () => {
  expect(engineKey({ engine: spawned("FLASH") })).toBe(engineKey({ engine: spawned("FLASH") }));
  expect(engineKey({ engine: spawned("FLASH") })).not.toBe(engineKey({ engine: spawned("TRITON") }));
  expect(engineKey({ engine: attached("one") })).not.toBe(engineKey({ engine: attached("two") }));
});
