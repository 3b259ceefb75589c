import { expect, test } from "vitest";
import { RequestError, type RequestErrorKind } from "../../src/engine/client/request-error.ts";
import type { ServedModel } from "../../src/engine/client/served-models.ts";
import { createModelWatch } from "../../src/pool/watch-model.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";

const SIGNAL = new AbortController().signal;
const CARD: ServedModel = { id: "judge", root: "/models/small", parent: null, maxModelLen: 2048, contextFrom: "judge" };

test("does not ask while requests are answered", async () => {
  const { watch, asked } = watching();
  for (let request = 0; request < 20; request += 1) await watch.guard(async () => "answer", SIGNAL);
  expect(asked()).toBe(0);
});

test.each<[RequestErrorKind, number]>([
  ["connection", 1],
  ["timeout", 1],
  ["server", 1],
  ["overloaded", 1],
  ["malformed", 1],
  ["bad-request", 0],
  ["too-long", 0],
])("asks before the next request after a failure, unless the server refused this request: %s", async (kind, times) => {
  const { watch, asked } = watching();
  await expect(watch.guard(() => failing(kind), SIGNAL)).rejects.toThrow("failed");
  await watch.guard(async () => "answer", SIGNAL);
  await watch.guard(async () => "answer", SIGNAL);
  expect(asked()).toBe(times);
});

test("asks after five seconds without a request, but not beside one that is in flight", async () => {
  const clock = createVirtualClock();
  const { watch, asked } = watching(CARD, clock);
  await clock.until(clock.sleep(6_000, SIGNAL));
  await watch.guard(async () => "answer", SIGNAL);
  expect(asked()).toBe(1);
  const long = watch.guard(() => clock.sleep(20_000, SIGNAL), SIGNAL);
  await clock.until(clock.sleep(10_000, SIGNAL));
  await watch.guard(async () => "answer", SIGNAL);
  expect(asked()).toBe(1);
  await clock.until(long);
});

test("sends nothing to a server that lists other weights now, or no model at all", async () => {
  for (const [card, kind] of [
    [{ ...CARD, root: "/models/large" }, "wrong-model"],
    [null, "connection"],
  ] as const) {
    const { watch } = watching(card);
    await expect(watch.guard(() => failing("connection"), SIGNAL)).rejects.toThrow("failed");
    let sent = 0;
    const send = async (): Promise<void> => {
      sent += 1;
    };
    await expect(watch.guard(send, SIGNAL)).rejects.toMatchObject({ kind });
    expect(sent).toBe(0);
  }
});

test("asks once for all requests that wait, and once more when the first of them is aborted", async () => {
  const clock = createVirtualClock();
  let asked = 0;
  const list = async (signal: AbortSignal): Promise<ServedModel> => {
    asked += 1;
    await clock.sleep(100, signal);
    return CARD;
  };
  const watch = createModelWatch({ isNew: true, list, differs: () => null, clock });
  await expect(watch.guard(() => failing("server"), SIGNAL)).rejects.toThrow("failed");
  const first = new AbortController();
  const waiting = [first.signal, SIGNAL, SIGNAL].map((signal) => watch.guard(async () => "answer", signal));
  const results = Promise.allSettled(waiting);
  first.abort(new Error("the request is given up"));
  expect((await clock.until(results)).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(asked).toBe(2);
});

test("counts a server that answers and gives no list as lost, after it has asked four times", async () => {
  const clock = createVirtualClock();
  let asked = 0;
  let sent = 0;
  const list = async (): Promise<never> => {
    asked += 1;
    return failing("server");
  };
  const watch = createModelWatch({ isNew: true, list, differs: () => null, clock });
  await expect(watch.guard(() => failing("server"), SIGNAL)).rejects.toThrow("failed");
  const send = async (): Promise<void> => {
    sent += 1;
  };
  const waiting = Promise.allSettled(Array.from({ length: 8 }, () => watch.guard(send, SIGNAL)));
  for (const result of await clock.until(waiting)) {
    expect(result).toMatchObject({ status: "rejected", reason: { name: "AbtieError", code: "engine" } });
  }
  expect({ asked, sent }).toEqual({ asked: 4, sent: 0 });
});

function watching(card: ServedModel | null = CARD, clock = createVirtualClock()) {
  let asked = 0;
  const list = async (): Promise<ServedModel | null> => {
    asked += 1;
    return card;
  };
  const differs = ({ root }: ServedModel): string | null => (root === CARD.root ? null : "other weights");
  return { watch: createModelWatch({ isNew: true, list, differs, clock }), asked: () => asked };
}

async function failing(kind: RequestErrorKind): Promise<never> {
  throw new RequestError(kind, "failed");
}
