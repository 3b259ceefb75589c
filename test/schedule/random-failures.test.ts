import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answered,
  broken,
  busy,
  dead,
  Failure,
  failed,
  mostInFlight,
  randomFrom,
  refused,
  start,
  unreachable,
  upTo,
} from "./harness.ts";

const KINDS = {
  busy: () => busy(),
  later: () => busy(700),
  unreachable,
  broken,
  dead,
  server: () => new Failure({ kind: "retry", reason: "server", blame: "batch" }),
} as const;

const scenario = fc.record({
  seed: fc.nat(),
  count: fc.integer({ min: 0, max: 150 }),
  workers: fc.array(
    fc.record({ concurrency: fc.integer({ min: 1, max: 6 }), batchSize: fc.integer({ min: 1, max: 16 }) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  poison: fc.uniqueArray(fc.nat({ max: 149 }), { maxLength: 4 }),
  poisonKind: fc.constantFrom(refused, broken),
  kinds: fc.subarray(Object.values(KINDS)),
  /** Share of the requests that fail for no reason of their tasks. */
  trouble: fc.double({ min: 0, max: 0.3, noNaN: true }),
  hangs: fc.double({ min: 0, max: 0.05, noNaN: true }),
});

describe("under random failures", () => {
  test("each task has exactly one outcome, limits hold, and only poison fails", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, count, workers, poison, poisonKind, kinds, trouble, hangs }) => {
        const random = randomFrom(seed);
        const inFlight = workers.map(() => 0);
        const excess: string[] = [];
        const trial = start(
          count,
          (clock) =>
            workers.map((worker, index) => ({
              concurrency: () => worker.concurrency,
              batchSize: () => worker.batchSize,
              recover: (signal) => clock.sleep(1_000, signal).then(() => true),
              work: async (batch, signal) => {
                inFlight[index] = (inFlight[index] ?? 0) + 1;
                if ((inFlight[index] ?? 0) > worker.concurrency) excess.push(`worker ${index}`);
                if (batch.length > worker.batchSize) excess.push(`batch of ${batch.length}`);
                try {
                  await clock.sleep(random() < hangs ? 1e6 : 10 + random() * 200, signal);
                  const kind = kinds[Math.floor(random() * kinds.length)];
                  if (kind !== undefined && random() < trouble) throw kind();
                  if (batch.some((task) => poison.includes(task))) throw poisonKind();
                  return batch.map((task) => task * 2);
                } finally {
                  inFlight[index] = (inFlight[index] ?? 0) - 1;
                }
              },
            })),
          { random, timeoutMs: () => 3_000, retry: { attempts: 40, losses: 40 } },
        );
        const bad = poison.filter((task) => task < count);
        expect(await trial.end()).toEqual({
          end: "done",
          finished: count - bad.length,
          failed: bad.length,
          aborted: 0,
          unstarted: 0,
        });
        expect(trial.twice).toEqual([]);
        expect(answered(trial)).toEqual(upTo(count).filter((task) => !bad.includes(task)));
        expect(Object.keys(failed(trial)).map(Number)).toEqual([...bad].sort((a, b) => a - b));
        for (const [task, outcome] of trial.outcomes) if (outcome.ok) expect(outcome.value).toBe(task * 2);
        expect(excess).toEqual([]);
        const limit = workers.reduce((sum, { concurrency, batchSize }) => sum + concurrency * batchSize, 0);
        expect(trial.most.unsettled).toBeLessThanOrEqual(2 * limit);
        expect(mostInFlight(trial.attempts)).toBeLessThanOrEqual(
          workers.reduce((sum, worker) => sum + worker.concurrency, 0),
        );
        expect(trial.clock.sleeping()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("an abort at any moment leaves each task with one outcome or none, and the sums agree", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.integer({ min: 0, max: 3_000 }), async ({ seed, count, workers, trouble }, at) => {
        const random = randomFrom(seed);
        const controller = new AbortController();
        let pulled = 0;
        const trial = start(
          count,
          (clock) =>
            workers.map((worker) => ({
              concurrency: () => worker.concurrency,
              batchSize: () => worker.batchSize,
              work: async (batch, signal) => {
                await clock.sleep(random() * 500, signal);
                if (random() < trouble) throw busy();
                return batch.map((task) => task * 2);
              },
            })),
          {
            random,
            signal: controller.signal,
            tasks: async function* () {
              while (pulled < count) yield pulled++;
            },
          },
        );
        await trial.clock.advance(at);
        controller.abort(new Error("enough"));
        const summary = await trial.end();
        const outcomes = [...trial.outcomes.values()];
        expect(summary.finished).toBe(outcomes.filter(({ ok }) => ok).length);
        expect(summary.failed).toBe(outcomes.filter(({ ok }) => !ok).length);
        expect(summary.finished + summary.failed + summary.aborted + summary.unstarted).toBe(pulled);
        expect(trial.clock.sleeping()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
