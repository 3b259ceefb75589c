import { AbtieError } from "../../errors.ts";
import type { ServerAccess } from "../../secrets/url.ts";
import { createClient } from "../client/client.ts";
import { httpUrl } from "../client/http-url.ts";
import { RequestError } from "../client/request-error.ts";
import type { ServedModel } from "../client/served-models.ts";
import type { Engine } from "../engine.ts";
import { type EngineOptions, openEngine } from "./open-engine.ts";
import { waitUntilReady } from "./readiness.ts";

/** A server that is already running. */
export interface AttachSpec {
  /** Address of the server: its root, an address that ends in /v1, or a full endpoint. */
  readonly baseUrl: string;
  /** The secret parts of the address; null or omitted: it has none. */
  readonly access?: ServerAccess | null;
  /** Name of the model on that server; null when the server serves only one model. */
  readonly model: string | null;
  /** Longest time in ms to wait for a server that is still starting; 0: only one attempt is made. */
  readonly readyMs: number;
}

/**
 * Attaches to a running OpenAI-compatible server. Disposing the engine closes the connections; the server keeps
 * running. Throws AbtieError("engine") when the server does not answer or cannot give log probabilities, and
 * AbtieError("config") when it does not serve the model.
 */
export async function attachEngine(options: EngineOptions & { readonly spec: AttachSpec }): Promise<Engine> {
  const { spec, clock, signal, env, apiKey, redact, timeoutMs } = options;
  const baseUrl = normaliseBaseUrl(spec.baseUrl);
  const client = createClient({ baseUrl, apiKey, access: spec.access ?? null, redact, env, clock, timeoutMs });
  try {
    options.onProgress?.(`asking ${baseUrl}`);
    const models = await waitUntilReady({
      client,
      clock,
      baseUrl,
      limitMs: spec.readyMs,
      remedy: "Start it, or correct its address (--base-url, engine.attach).",
      model: spec.model,
      signal,
    });
    const model = chooseModel(models, spec.model, baseUrl);
    const opened = await openEngine({ client, baseUrl, model }, options);
    return {
      ...opened,
      died: new AbortController().signal,
      logFile: null,
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    if (!(error instanceof RequestError)) throw error;
    throw new AbtieError(
      "engine",
      `The server at ${baseUrl} did not answer its first requests: ${error.message} Look at the server's log, or try it with \`abtie doctor\`.`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Finds the root of a server in an address that a person wrote: a root, an address that ends in /v1, or a full endpoint
 * such as http://host:8000/v1/completions. Keeps a path before /v1, because servers behind a proxy may have one. Throws
 * AbtieError("config").
 */
export function normaliseBaseUrl(written: string): string {
  const url = httpUrl(written);
  if (url === null) {
    throw new AbtieError(
      "config",
      `The base URL ${JSON.stringify(written)} is not an http address. Write for example http://127.0.0.1:8000 or http://127.0.0.1:8000/v1.`,
    );
  }
  const path = url.pathname.replace(/\/+$/, "").replace(ENDPOINT, "");
  return `${url.origin}${path.replace(/\/+$/, "")}`;
}

const ENDPOINT = /\/(?:v1(?:\/.*)?|health|version|metrics|tokenize|detokenize)$/;

function chooseModel(models: readonly ServedModel[], wanted: string | null, baseUrl: string): ServedModel {
  if (models.length === 0) {
    throw new AbtieError(
      "engine",
      `The server at ${baseUrl} lists no model at /v1/models. It may still be loading one, or be a router without a server behind it: ` +
        "wait, or start a model on it.",
    );
  }
  const names = models.map(({ id }) => id).join(", ");
  const found = wanted === null ? models[0] : models.find(({ id }) => id === wanted);
  if (found === undefined) {
    throw new AbtieError(
      "config",
      `The server at ${baseUrl} does not serve ${wanted}. It serves: ${names}. Name one of them with --model or engine.model.`,
    );
  }
  if (wanted === null && models.length > 1) {
    throw new AbtieError(
      "config",
      `The server at ${baseUrl} serves several models: ${names}. Name one of them with --model or engine.model.`,
    );
  }
  return found;
}
