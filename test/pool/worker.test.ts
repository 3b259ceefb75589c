import { expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { AbtieError } from "../../src/errors.ts";
import { createPoolEngine, type RecoveryPolicy } from "../../src/pool/worker.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";

const FOREVER = new AbortController().signal;

it("replaces a lost engine by its successor, and says so", async () => {
  const next = engine("http://next");
  const { slot, events, closed } = slotWith({ revive: async () => next });
  expect(await slot.lane.recover?.(FOREVER)).toBe(true);
  expect(slot.current()).toBe(next);
  expect(events).toEqual(["lost: it does not answer", "back: http://next"]);
  expect(closed).toEqual(["http://first"]);
});

it("tries as often in a run as it may, and then gives up", async () => {
  let tries = 0;
  const revive = async (): Promise<Engine> => {
    tries += 1;
    if (tries === 2) return engine("http://second");
    throw new AbtieError("engine", "it does not start");
  };
  const clock = createVirtualClock();
  const { slot, events } = slotWith({ revive, attempts: 3 }, clock);
  const recovered = () => clock.until(slot.lane.recover?.(FOREVER) ?? Promise.reject());
  expect(await recovered()).toBe(true);
  // It waited before it tried again: what refuses at once may be in the middle of a storm.
  expect(clock.monotonic()).toBe(1_000);
  expect(await recovered()).toBe(false);
  expect(await recovered()).toBe(false);
  expect(tries).toBe(3);
  expect(events.at(-1)).toBe("given-up: it does not answer");
});

it("bounds the time of each attempt", async () => {
  const clock = createVirtualClock();
  const { slot } = slotWith({ revive: hang, attempts: 2, limitMs: 60_000 }, clock);
  expect(await clock.until(slot.lane.recover?.(FOREVER) ?? Promise.reject())).toBe(false);
  expect(clock.monotonic()).toBe(60_000 + 1_000 + 60_000);
});

it("has its attempts anew when the engine has worked for a while, for a night holds more than one mishap", async () => {
  const clock = createVirtualClock();
  const { slot } = slotWith({ revive: async () => engine("http://next"), attempts: 1 }, clock);
  expect(await slot.lane.recover?.(FOREVER)).toBe(true);
  expect(await slot.lane.recover?.(FOREVER)).toBe(false);
  await clock.until(clock.sleep(11 * 60_000, FOREVER));
  expect(await slot.lane.recover?.(FOREVER)).toBe(true);
});

it("gives up after three attempts that took all their time, however many are left", async () => {
  const clock = createVirtualClock();
  const { slot } = slotWith({ revive: hang, attempts: 30, limitMs: 60_000 }, clock);
  expect(await clock.until(slot.lane.recover?.(FOREVER) ?? Promise.reject())).toBe(false);
  expect(clock.monotonic()).toBe(3 * 60_000 + 1_000 + 2_000);
});

it("stops trying when the run ends", async () => {
  const end = new AbortController();
  const { slot, events } = slotWith({ revive: hang });
  const recovering = slot.lane.recover?.(end.signal);
  end.abort(new AbtieError("interrupted", "Ctrl-C"));
  expect(await recovering).toBe(false);
  expect(events).toEqual(["lost: it does not answer"]);
});

function slotWith(revival: Partial<RecoveryPolicy> & Pick<RecoveryPolicy, "revive">, clock = createVirtualClock()) {
  const events: string[] = [];
  const closed: string[] = [];
  const slot = createPoolEngine({
    name: "one",
    engine: engine("http://first", closed),
    concurrency: () => 1,
    batchSize: () => 1,
    revival: { attempts: 3, limitMs: 1_000, ...revival },
    clock,
    log: () => {},
    onEvent: (what, detail) => events.push(`${what}: ${detail}`),
  });
  return { slot, events, closed };
}

/** Only what a slot touches while it brings an engine back. */
function engine(baseUrl: string, closed: string[] = []): Engine {
  const fields: Partial<Engine> = {
    baseUrl,
    died: new AbortController().signal,
    [Symbol.asyncDispose]: async () => void closed.push(baseUrl),
  };
  return fields as Engine;
}

function hang(signal: AbortSignal): Promise<Engine> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
