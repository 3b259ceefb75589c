import type { RowFailureReason } from "./journal/events.ts";
import type { LastFailure } from "./state/run-state.ts";

/** Decides whether a request got no answer only because the run ended. Such a request did not fail. */
export function endedWithRun(reason: RowFailureReason): boolean {
  return reason === "deadline" || reason === "interrupted" || reason === "aborted";
}

const TEXTS = {
  deadline: "deadline reached before it was answered",
  interrupted: "interrupted before it was answered",
  aborted: "the run ended before it was answered",
  "too-long": "the server refused it as too long",
  "bad-request": "the server refused it",
  overloaded: "the server was overloaded at every attempt",
  server: "the server failed at every attempt",
  connection: "the connection broke at every attempt",
  timeout: "no answer in time at any attempt",
  malformed: "the answer could not be used at any attempt",
  "engine-lost": "the engine was lost before it was answered",
} satisfies Record<RowFailureReason, string>;

/** Describes, for a person, why a row has no answer. */
export function describeFailure({ reason, final }: LastFailure): string {
  if (final || endedWithRun(reason)) return TEXTS[reason];
  return `not answered before the run ended; its last request failed: ${reason}`;
}
