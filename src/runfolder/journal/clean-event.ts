import type { Redact } from "../../secrets/redactor.ts";
import type { JournalEvent } from "./events.ts";

/** For each event, the fields whose text comes from a server or a tool. */
const OUTSIDE_TEXTS = {
  "session-start": [],
  "time-limits": [],
  engine: ["detail"],
  "engine-model": ["model", "version"],
  "start-up": [],
  plan: [],
  row: [],
  failed: ["message"],
  concurrency: [],
  "ladder-step": [],
  forecast: [],
  stop: [],
  "prefix-cache": [],
  checkpoint: [],
  "session-end": [],
} as const satisfies {
  readonly [Name in JournalEvent["event"]]: readonly (keyof Extract<JournalEvent, { event: Name }>)[];
};

/** Longest text (UTF-16 units) from a server that the journal keeps: a server may answer with a page of any length. */
const LONGEST = 1_000;

/** Removes the secrets from the texts of servers and tools in an event, and shortens these texts. */
export function cleanEvent(event: JournalEvent, redact: Redact): JournalEvent {
  const fields: readonly string[] = OUTSIDE_TEXTS[event.event];
  if (fields.length === 0) return event;
  const clean = (value: unknown): unknown => (typeof value === "string" ? shorten(redact(value)) : value);
  const entries = Object.entries(event).map(([key, value]) => [key, fields.includes(key) ? clean(value) : value]);
  return Object.fromEntries(entries) as JournalEvent;
}

function shorten(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}...`;
}
