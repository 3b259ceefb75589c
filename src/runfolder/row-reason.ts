import type { LastFailure } from "./state/run-state.ts";

/** Words of the journal for requests that were given up because the run ended: they did not fail. */
export const GIVEN_UP: ReadonlySet<string> = new Set(["deadline", "interrupted", "aborted"]);

const TEXTS: Readonly<Record<string, string>> = {
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
};

/** Says why a row has no answer, as a person would. */
export function rowReason({ reason, final }: LastFailure): string {
  const text = TEXTS[reason] ?? reason;
  return final || GIVEN_UP.has(reason) ? text : `not answered before the run ended; its last request failed: ${reason}`;
}
