import { onTestFinished } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { type AttachSpec, attachEngine } from "../../src/engine/life/attach.ts";
import type { EngineOptions } from "../../src/engine/life/open-engine.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { LABELS, PROMPT, realClock } from "./helpers.ts";

/** Attaches to a server for the time of the test, and collects what the log says. */
export async function attachTo(
  spec: Partial<AttachSpec>,
  changes: Partial<EngineOptions> = {},
): Promise<{ readonly engine: Engine; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const engine = await attachEngine({
    spec: { baseUrl: "", model: null, readyMs: 0, ...spec },
    clock: realClock,
    log: (_level, text) => warnings.push(text),
    env: {},
    apiKey: new Secret("EMPTY"),
    redact: (text) => text,
    signal: new AbortController().signal,
    method: null,
    probe: async () => ({ prompt: PROMPT, ids: LABELS }),
    timeoutMs: 20_000,
    warmUpMs: 20_000,
    ...changes,
  });
  onTestFinished(() => engine[Symbol.asyncDispose]());
  return { engine, warnings };
}
