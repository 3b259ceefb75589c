import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RequestError, type RequestErrorKind } from "../../src/engine/client/request-error.ts";
import { classifyRequestError } from "../../src/pool/classify-request-error.ts";
import { DEFAULT_RETRY } from "../../src/schedule/backoff.ts";
import { schedule } from "../../src/schedule/schedule.ts";
import type { Attempt, Outcome, Summary } from "../../src/schedule/types.ts";
import { systemClock } from "../../src/system.ts";
import { randomFrom, upTo } from "./harness.ts";

type Answer = (batch: readonly number[], response: ServerResponse, request: IncomingMessage) => void;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await close(server);
});

describe("against a real server over sockets", () => {
  test("answers every task although connections are reset, cut in half, left hanging or refused by status", async () => {
    const random = randomFrom(11);
    const base = await listen((batch, response, request) => {
      const dice = random();
      if (dice < 0.1) request.socket.destroy();
      else if (dice < 0.2) response.writeHead(200).write("[1, 2", () => request.socket.destroy());
      else if (dice < 0.25) return;
      else if (dice < 0.35) response.writeHead(500).end("oops");
      else if (dice < 0.4) response.writeHead(503, { "retry-after": "0.05" }).end("busy");
      else if (batch.includes(13)) response.writeHead(400).end("bad prompt");
      else double(batch, response);
    });
    const { summary, outcomes } = await run(base, 150, { recover: async () => true });
    expect(summary).toEqual({ end: "done", finished: 149, failed: 1, aborted: 0, unstarted: 0 });
    expect(outcomes.get(13)).toMatchObject({ ok: false, end: "refused", reason: "bad-request" });
    const values = [...outcomes].flatMap(([task, outcome]) => (outcome.ok ? [outcome.value === task * 2] : []));
    expect(values).toEqual(new Array(149).fill(true));
  });

  test("sends its tasks again after the server came back on the same port", async () => {
    let requests = 0;
    let down: Promise<void> | undefined;
    const answer: Answer = (batch, response) => {
      if (++requests === 8) down = close(servers[0]);
      double(batch, response);
    };
    const base = await listen(answer);
    const port = Number(new URL(base).port);
    let recoveries = 0;
    const { summary, attempts } = await run(base, 200, {
      recover: async () => {
        recoveries += 1;
        await down;
        await listen(answer, port);
        return true;
      },
    });
    expect(summary).toMatchObject({ end: "done", finished: 200, failed: 0 });
    expect(recoveries).toBe(1);
    expect(attempts.some((attempt) => !attempt.ok && attempt.reason === "connection")).toBe(true);
  });

  test("aborts the requests in flight, which the server sees as closed connections", async () => {
    let open = 0;
    let closed = 0;
    const controller = new AbortController();
    const base = await listen((_, response) => {
      response.on("close", () => {
        closed += 1;
      });
      if (++open === 4) controller.abort(new Error("deadline"));
    });
    const { summary } = await run(base, 100, { signal: controller.signal });
    expect(summary).toEqual({ end: "aborted", finished: 0, failed: 0, aborted: 32, unstarted: 32 });
    await expect.poll(() => closed).toBe(4);
  });
});

async function run(
  base: string,
  count: number,
  { signal = new AbortController().signal, recover }: { signal?: AbortSignal; recover?: () => Promise<boolean> },
): Promise<{ summary: Summary; outcomes: Map<number, Outcome<number>>; attempts: Attempt<number>[] }> {
  const outcomes = new Map<number, Outcome<number>>();
  const attempts: Attempt<number>[] = [];
  const summary = await schedule<number, number>({
    tasks: (async function* () {
      yield* upTo(count);
    })(),
    workers: [
      {
        name: base,
        concurrency: () => 4,
        batchSize: () => 8,
        work: (batch, abort) => post(base, batch, abort),
        ...(recover === undefined ? {} : { recover }),
      },
    ],
    classify: classifyRequestError,
    onRequest: (event) => {
      if (event.attempt !== null) attempts.push(event.attempt);
      for (const { task, outcome } of event.outcomes) outcomes.set(task, outcome);
    },
    retry: { ...DEFAULT_RETRY, baseMs: 5, capMs: 20, attempts: 30, losses: 30 },
    timeoutMs: () => 200,
    clock: systemClock,
    random: randomFrom(3),
    signal,
  });
  return { summary, outcomes, attempts };
}

async function post(base: string, batch: readonly number[], signal: AbortSignal): Promise<readonly number[]> {
  const response = await fetch(base, { method: "POST", body: JSON.stringify(batch), signal }).catch((cause) => {
    throw failure("connection", "no connection", { cause });
  });
  const text = await response.text().catch((cause) => {
    throw failure("connection", "cut in half", { cause });
  });
  if (response.status === 400) throw failure("bad-request", text);
  if (response.status === 503) {
    throw failure("overloaded", text, { retryAfterMs: Number(response.headers.get("retry-after")) * 1_000 });
  }
  if (response.status !== 200) throw failure("server", text);
  return JSON.parse(text);
}

function failure(kind: RequestErrorKind, message: string, more: object = {}): RequestError {
  return new RequestError(kind, message, more);
}

function double(batch: readonly number[], response: ServerResponse): void {
  response.writeHead(200).end(JSON.stringify(batch.map((task) => task * 2)));
}

async function listen(answer: Answer, port = 0): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    answer(JSON.parse(body), response, request);
  });
  servers.unshift(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function close(server: Server | undefined): Promise<void> {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
}
