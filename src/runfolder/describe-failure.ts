import type { RowFailureReason } from "./journal/events.ts";
import type { LastFailure } from "./state/run-state.ts";

/** Decides whether a request got no answer only because the run ended. Such a request did not fail. */
export function endedWithRun(reason: RowFailureReason): boolean {
  return reason === "deadline" || reason === "interrupted" || reason === "aborted";
}

/** What happened to a request, in plain words. The progress line, the summary and the report use this table. */
const WORDS = {
  deadline: "the deadline was reached",
  interrupted: "the run was interrupted",
  aborted: "the run ended",
  "too-long": "the server refused a prompt as too long",
  "too-large": "the server refused the request as too large",
  "bad-request": "the server refused the request",
  overloaded: "the server was overloaded",
  server: "the server failed",
  connection: "the connection broke",
  timeout: "no answer came in time",
  malformed: "the answer could not be used",
  unsafe: "the row was not sent, because its texts form control tokens of the model in this template",
  "engine-lost": "the engine was lost",
} satisfies Record<RowFailureReason, string>;

/** Says in plain words what happened to a request that failed. */
export function wordsOf(reason: RowFailureReason): string {
  return WORDS[reason];
}

/** Describes, for a person, why a row has no answer. */
export function describeFailure({ reason, final }: LastFailure): string {
  if (!final && !endedWithRun(reason)) {
    return `not answered before the run ended; at its last request ${WORDS[reason]}`;
  }
  switch (reason) {
    case "deadline":
      return "deadline reached before it was answered";
    case "interrupted":
      return "interrupted before it was answered";
    case "aborted":
      return "the run ended before it was answered";
    case "engine-lost":
      return "the engine was lost before it was answered";
    case "too-long":
      return "the server refused it as too long";
    case "too-large":
      return "the server refused it as too large";
    case "bad-request":
      return "the server refused it";
    case "unsafe":
      return "not sent: its texts form control tokens of the model in this template";
    case "overloaded":
    case "server":
    case "connection":
    case "timeout":
    case "malformed":
      return `${WORDS[reason]} at every attempt`;
    default:
      return reason satisfies never;
  }
}
