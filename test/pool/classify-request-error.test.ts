import { expect, test } from "vitest";
import { RequestError, type RequestErrorKind } from "../../src/engine/client/request-error.ts";
import { AbtieError } from "../../src/errors.ts";
import { classifyRequestError } from "../../src/pool/classify-request-error.ts";

const failure = (kind: RequestErrorKind, more: object = {}) => new RequestError(kind, "it failed", more);
const LOST = { kind: "engine-lost", reason: "engine-lost" };

test.each<[RequestErrorKind, object]>([
  ["too-long", { kind: "split" }],
  ["bad-request", { kind: "split" }],
  ["overloaded", { kind: "retry", blame: "load" }],
  ["server", { kind: "retry", blame: "batch" }],
  ["connection", { kind: "retry", blame: "engine" }],
  ["timeout", { kind: "retry", blame: "either" }],
  ["malformed", { kind: "retry", blame: "batch" }],
])("classifies a request error of the kind %s", (kind, expected) => {
  expect(classifyRequestError(failure(kind))).toEqual({ ...expected, reason: kind });
});

test("keeps the wait that the server asked for", () => {
  expect(classifyRequestError(failure("overloaded", { retryAfterMs: 1_500 }))).toMatchObject({ afterMs: 1_500 });
});

test("finds a lost engine when the server reports its death, refuses every request, or its process ended", () => {
  const words = "500 EngineCore encountered an issue. See stack trace (above) for the root cause.";
  expect(classifyRequestError(new RequestError("server", words, { status: 500 }))).toEqual(LOST);
  expect(classifyRequestError(failure("bad-request", { status: 401 }))).toEqual(LOST);
  expect(classifyRequestError(new AbtieError("engine", "the server has ended"))).toEqual(LOST);
});

test("throws any other error on, as a bug", () => {
  expect(() => classifyRequestError(new TypeError("x is undefined"))).toThrow("x is undefined");
  const lookalike = Object.assign(new Error("it failed"), { kind: "server" });
  expect(() => classifyRequestError(lookalike)).toThrow("it failed");
});
