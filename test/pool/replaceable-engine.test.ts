import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { AbtieError } from "../../src/errors.ts";
import { createReplaceableEngine, type RecoveryPolicy } from "../../src/pool/replaceable-engine.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";

const FOREVER = new AbortController().signal;

test("replaces a lost engine by its successor, and reports both", async () => {
  const next = engineAt("http://next");
  const { engine: lost, events, closed } = replaceable({ reopen: async () => next });
  expect(await lost.recover(FOREVER)).toBe(true);
  expect(lost.current()).toBe(next);
  expect(events).toEqual(["lost: it does not answer", "back: http://next"]);
  expect(closed).toEqual(["http://first"]);
});

test("gives up when all attempts are used", async () => {
  let tries = 0;
  const reopen = async (): Promise<Engine> => {
    tries += 1;
    if (tries === 2) return engineAt("http://second");
    throw new AbtieError("engine", "it does not start");
  };
  const clock = createVirtualClock();
  const { engine: lost, events } = replaceable({ reopen, attempts: 3 }, clock);
  const recovered = () => clock.until(lost.recover(FOREVER));
  expect(await recovered()).toBe(true);
  // It waited before the second attempt: a server that refuses at once may be overloaded.
  expect(clock.monotonic()).toBe(1_000);
  expect(await recovered()).toBe(false);
  expect(await recovered()).toBe(false);
  expect(tries).toBe(3);
  expect(events.at(-1)).toBe("given-up: it does not answer");
});

test("bounds the time of each attempt", async () => {
  const clock = createVirtualClock();
  const { engine: lost } = replaceable({ reopen: hang, attempts: 2, limitMs: 60_000 }, clock);
  expect(await clock.until(lost.recover(FOREVER))).toBe(false);
  expect(clock.monotonic()).toBe(60_000 + 1_000 + 60_000);
});

test("has all its attempts again after the engine has worked for ten minutes", async () => {
  const clock = createVirtualClock();
  const { engine: lost } = replaceable({ reopen: async () => engineAt("http://next"), attempts: 1 }, clock);
  expect(await lost.recover(FOREVER)).toBe(true);
  expect(await lost.recover(FOREVER)).toBe(false);
  await clock.until(clock.sleep(11 * 60_000, FOREVER));
  expect(await lost.recover(FOREVER)).toBe(true);
});

test("gives up after three attempts that reached their time limit, however many are left", async () => {
  const clock = createVirtualClock();
  const { engine: lost } = replaceable({ reopen: hang, attempts: 30, limitMs: 60_000 }, clock);
  expect(await clock.until(lost.recover(FOREVER))).toBe(false);
  expect(clock.monotonic()).toBe(3 * 60_000 + 1_000 + 2_000);
});

test("gives up an engine that came back with another model, and closes it", async () => {
  const closed: string[] = [];
  const { engine: lost, events } = replaceable({ reopen: async () => engineAt("http://other", closed), attempts: 30 });
  expect(await lost.recover(FOREVER)).toBe(false);
  expect(events).toEqual(["lost: it does not answer", "given-up: it serves another model now"]);
  expect(closed).toEqual(["http://other"]);
});

test("gives up at once when the server no longer serves the model of the config", async () => {
  const reopen = async (): Promise<Engine> => {
    throw new AbtieError("config", "it does not serve small");
  };
  const { engine: lost, events } = replaceable({ reopen, attempts: 30 });
  expect(await lost.recover(FOREVER)).toBe(false);
  expect(events.at(-1)).toBe("given-up: it does not serve small");
});

test("does not open an engine again that was given up for its answers", async () => {
  const { engine: lost, events, closed } = replaceable({ reopen: async () => engineAt("http://next") });
  lost.giveUp("the answer is from another model");
  expect(await lost.recover(FOREVER)).toBe(false);
  expect(events).toEqual(["lost: the answer is from another model", "given-up: the answer is from another model"]);
  expect(closed).toEqual(["http://first"]);
});

test("stops when the run ends", async () => {
  const end = new AbortController();
  const { engine: lost, events } = replaceable({ reopen: hang });
  const recovering = lost.recover(end.signal);
  end.abort(new AbtieError("interrupted", "Ctrl-C"));
  expect(await recovering).toBe(false);
  expect(events).toEqual(["lost: it does not answer"]);
});

function replaceable(recovery: Partial<RecoveryPolicy> & Pick<RecoveryPolicy, "reopen">, clock = createVirtualClock()) {
  const events: string[] = [];
  const closed: string[] = [];
  const engine = createReplaceableEngine({
    name: "one",
    engine: engineAt("http://first", closed),
    recovery: { attempts: 3, limitMs: 1_000, ...recovery },
    refuse: (candidate) => (candidate.baseUrl.includes("other") ? "it serves another model now" : null),
    clock,
    log: () => {},
    onChange: (change, detail) => events.push(`${change}: ${detail}`),
  });
  return { engine, events, closed };
}

/** An engine with only the fields that a recovery reads. */
function engineAt(baseUrl: string, closed: string[] = []): Engine {
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
