import { expect, test } from "vitest";
import { levelOf } from "../../src/concurrency/setting.ts";
import type { EngineMetrics } from "../../src/engine/capabilities/metrics.ts";
import { createTuner, type Tuner } from "../../src/pool/tuner.ts";
import { createVirtualClock, type VirtualClock } from "../helpers/virtual-clock.ts";

const SIGNAL = new AbortController().signal;
const TASK = { ids: new Array<number>(100).fill(1) };
const START = { concurrency: 8, promptsPerRequest: 2 };

test.each([
  ["a server that counts every prompt limits the level when its cache is full", 1, 0],
  ["one worker behind a router does not limit the level of the whole, and this is said once", 0.25, 1],
])("%s", async (_name, share, partial) => {
  const clock = createVirtualClock();
  const { tuner, count, said } = tuning(clock, share);
  // The cache of this server is full from the start; before its metrics are trusted the level may have risen a little.
  await answer(tuner, clock, { rounds: 20, count });
  const before = levelOf(tuner.setting());
  await answer(tuner, clock, { rounds: 400, count });
  expect(said).toHaveLength(partial);
  if (partial === 0) expect(levelOf(tuner.setting())).toBeLessThanOrEqual(before);
  else expect(levelOf(tuner.setting())).toBeGreaterThan(16 * levelOf(START));
});

test("sends no more prompts in one request than the engine has taken", async () => {
  const clock = createVirtualClock();
  const { tuner, refused } = tuning(clock, 1, { concurrency: 4, promptsPerRequest: 64 });
  const { concurrency, promptsPerRequest } = tuner.setting();
  const tasks = new Array(promptsPerRequest).fill(TASK);
  const attempt = { worker: "one", tasks, startedAt: 0, finishedAt: 1, inFlight: 1, concurrency };
  tuner.observe({ ...attempt, ok: false, reason: "too-large", message: "413" });
  expect(tuner.setting()).toEqual({ concurrency: 4, promptsPerRequest: 32 });
  expect(tuner.mostPrompts()).toBe(32);
  expect(refused).toEqual([64]);
});

function tuning(
  clock: VirtualClock,
  share: number,
  given: { concurrency: number; promptsPerRequest: number } | null = null,
) {
  let counted = 0;
  const said: string[] = [];
  const refused: number[] = [];
  const tuner = createTuner({
    given: given ?? { concurrency: null, promptsPerRequest: null },
    start: given ?? START,
    metrics: async () => metrics(share * counted),
    clock,
    onFound: () => {},
    onTooLarge: (_setting, prompts) => refused.push(prompts),
    onPartialMetrics: () => said.push("part"),
    onTokens: () => {},
  });
  const count = (tokens: number): void => {
    counted += tokens;
  };
  return { tuner, said, refused, count };
}

/** An engine that takes a second for any number of prompts: more prompts in flight are always faster. */
async function answer(
  tuner: Tuner,
  clock: VirtualClock,
  { rounds, count }: { rounds: number; count: (tokens: number) => void },
): Promise<void> {
  const work = tuner.watch(async (batch: readonly (typeof TASK)[]) => {
    await clock.sleep(1_000);
    count(100 * batch.length);
    return batch;
  });
  for (let round = 0; round < rounds; round += 1) {
    const { concurrency, promptsPerRequest } = tuner.setting();
    const tasks = new Array<typeof TASK>(promptsPerRequest).fill(TASK);
    const startedAt = clock.monotonic();
    await clock.until(Promise.all(Array.from({ length: concurrency }, () => work(tasks, SIGNAL))));
    const finishedAt = clock.monotonic();
    for (let inFlight = 1; inFlight <= concurrency; inFlight += 1) {
      tuner.observe({ worker: "one", tasks, startedAt, finishedAt, inFlight, concurrency, ok: true });
    }
    await Promise.resolve();
  }
}

function metrics(promptTokens: number): EngineMetrics {
  return {
    running: 0,
    waiting: 0,
    kvCacheUsage: 0.95,
    prefixCacheQueries: null,
    prefixCacheHits: null,
    preemptions: 0,
    promptTokens,
    queueTime: null,
    prefillTime: null,
    requestLatency: null,
    steps: null,
  };
}
