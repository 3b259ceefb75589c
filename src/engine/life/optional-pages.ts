import { isRecord } from "../../files/json-shape.ts";
import type { Client } from "../client/client.ts";
import { parseAnswer } from "../client/parse-answer.ts";
import { RequestError } from "../client/request-error.ts";

/** Time limit (ms) of a page that a server need not have. The start waits no longer for such pages. */
export const OPTIONAL_PAGE_MS = 2_000;

/** What a server says about itself outside /v1; null for everything that it does not say. */
export interface ServerFacts {
  readonly version: string | null;
  /** Context length in tokens, from a page of llama.cpp. */
  readonly contextLength: number | null;
}

/** Asks the pages that describe a server, all at once. Throws only the reason of the signal. */
export async function readServerFacts(client: Client, signal: AbortSignal): Promise<ServerFacts> {
  const [version, props] = await Promise.all([
    optionalPage(client, "/version", signal),
    optionalPage(client, "/props", signal),
  ]);
  const settings = fieldOf(jsonOf(props), "default_generation_settings");
  const context = fieldOf(settings, "n_ctx");
  const named = fieldOf(jsonOf(version), "version");
  return {
    version: typeof named === "string" ? named.slice(0, 100) : null,
    contextLength: typeof context === "number" && Number.isInteger(context) && context > 0 ? context : null,
  };
}

/** Gets a page that a server need not have; null when it cannot be had, whatever the reason. */
export async function optionalPage(
  client: Client,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  try {
    const { status, text } = await client.page(path, { signal, timeoutMs: OPTIONAL_PAGE_MS });
    return status === 200 ? text : null;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

function jsonOf(text: string | null): unknown {
  if (text === null) return null;
  try {
    return parseAnswer(text);
  } catch {
    return null;
  }
}

function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
