import { AbtieError } from "../errors.ts";
import { normaliseBaseUrl } from "./base-url.ts";
import { createClient, type ServedModel } from "./client.ts";
import { openHttp } from "./http.ts";
import { apiKeyOf, type EngineOptions, openEngine } from "./open-engine.ts";
import { waitUntilReady } from "./readiness.ts";
import { RequestError } from "./request-error.ts";
import type { Engine } from "./types.ts";

/** A server that runs already. */
export interface AttachSpec {
  /** A root, an address that ends in /v1, or a full endpoint. */
  readonly baseUrl: string;
  /** Name of the model on that server; null when it serves one only. */
  readonly model: string | null;
  /** How long to wait for it when it is still starting, in ms; 0 to try once. */
  readonly readyMs: number;
}

/**
 * Attaches to a running OpenAI-compatible server. Disposing the engine closes the connections and leaves the server alone.
 * Throws AbtieError("engine") when it does not answer or cannot give log probabilities, AbtieError("config") when the model
 * is not there.
 */
export async function attachEngine(options: EngineOptions & { readonly spec: AttachSpec }): Promise<Engine> {
  const { spec, clock, signal, env, timeoutMs } = options;
  const baseUrl = normaliseBaseUrl(spec.baseUrl);
  const http = openHttp();
  try {
    const client = createClient({ http, baseUrl, apiKey: apiKeyOf(env), clock, timeoutMs });
    options.onProgress?.(`asking ${baseUrl}`);
    const models = await waitUntilReady({ client, clock, baseUrl, limitMs: spec.readyMs, signal });
    const model = chooseModel(models, spec.model, baseUrl);
    const opened = await openEngine({ client, baseUrl, model }, options);
    return {
      ...opened,
      died: new AbortController().signal,
      logFile: null,
      [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
    };
  } catch (error) {
    await http[Symbol.asyncDispose]();
    if (!(error instanceof RequestError)) throw error;
    throw new AbtieError("engine", `The server at ${baseUrl} did not answer its first requests: ${error.message}`, {
      cause: error,
    });
  }
}

function chooseModel(models: readonly ServedModel[], wanted: string | null, baseUrl: string): ServedModel {
  const names = models.map(({ id }) => id).join(", ");
  const found = wanted === null ? models[0] : models.find(({ id }) => id === wanted);
  if (found === undefined) {
    throw new AbtieError(
      "config",
      `The server at ${baseUrl} does not serve ${wanted ?? "any model"}. It serves: ${names || "nothing"}.`,
    );
  }
  if (wanted === null && models.length > 1) {
    throw new AbtieError(
      "config",
      `The server at ${baseUrl} serves several models; say in the config which one to use: ${names}.`,
    );
  }
  return found;
}
