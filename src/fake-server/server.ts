import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Clock } from "../types.ts";
import { type Answer, type CompletionBody, complete, refusal } from "./completions.ts";
import { type FakeModel, uniformOf } from "./distribution.ts";
import { createFaultPicker, type Damaged, FAULTS, type Fault, type FaultRule } from "./faults.ts";
import { metricsPage } from "./metrics.ts";
import type { FakeSettings } from "./settings.ts";
import { type FakeStats, newStats } from "./stats.ts";
import { ChatTemplateRefusal, type FakeTokenizer } from "./tokens.ts";

export interface FakeServerOptions {
  /** The present settings; asked for each request. */
  readonly settings: () => FakeSettings;
  readonly tokenizer: FakeTokenizer;
  readonly logits: FakeModel["logits"];
  /** Faults in addition to the usual ones. */
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly clock: Clock;
}

/** The pages of a server, for node:http, and the counters. */
export interface FakeServer {
  readonly listener: RequestListener;
  readonly stats: Readonly<FakeStats>;
  /** Waits for the device and then for the time that it needs; for pages that somebody adds. Counts prompts and tokens. */
  readonly work: (asked: Pick<Answer, "prompts" | "tokens">) => Promise<void>;
}

/**
 * Creates the pages of a server in the manner of vLLM 0.32: /health, /version, /v1/models, /v1/completions, /tokenize,
 * /detokenize and /metrics. One device takes the requests in order of arrival.
 */
export function createFakeServer(options: FakeServerOptions): FakeServer {
  const { settings, tokenizer, logits, clock } = options;
  const kinds: Readonly<Record<string, Fault>> = { ...FAULTS, ...options.faults };
  const stats = newStats();
  const pick = createFaultPicker();
  let deviceFree = 0;

  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
      await route(request, response, Buffer.concat(chunks).toString("utf8"));
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      if (error instanceof SyntaxError) return send(response, refusal(400, "JSON decode error", "Bad Request"));
      if (error instanceof ChatTemplateRefusal) return send(response, refusal(400, error.message));
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      send(response, refusal(500, text, "InternalServerError"));
    }
  };

  async function route(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const { apiKey, pages, version, maxModelLen, modelName } = settings();
    const path = new URL(request.url ?? "/", "http://fake").pathname;
    if (path === "/health") return void response.writeHead(200).end();
    if (path.startsWith("/v1") && apiKey !== null && request.headers.authorization !== `Bearer ${apiKey}`) {
      return json(response, 401, { error: "Unauthorized" });
    }
    if (path === "/v1/models") return json(response, 200, listModels(settings()));
    if (path === "/v1/completions" && request.method === "POST") return await completions(response, text);
    if (!pages.includes(path)) return json(response, 404, { detail: "Not Found" });
    if (path === "/version") return json(response, 200, { version });
    if (path === "/metrics") {
      const page = metricsPage(stats, settings(), modelName);
      return void response.writeHead(200, { "content-type": "text/plain" }).end(page);
    }
    stats.pageRequests += 1;
    const rule = pick(settings().faults, { page: path, number: stats.pageRequests, seed: settings().seed });
    if (rule !== null) return fail(rule, { response, text: "{}", ids: [] });
    const body: unknown = JSON.parse(text);
    if (path === "/detokenize") {
      const { tokens = [] } = body as { readonly tokens?: readonly number[] };
      return json(response, 200, { prompt: tokenizer.detokenize(tokens) });
    }
    const tokens = tokenizer.tokenize(body as Parameters<FakeTokenizer["tokenize"]>[0]);
    json(response, 200, { count: tokens.length, max_model_len: maxModelLen, tokens, token_strs: null });
  }

  async function completions(response: ServerResponse, text: string): Promise<void> {
    stats.requests += 1;
    const { requests } = stats;
    const body = JSON.parse(text) as CompletionBody;
    const { prompt, ...rest } = body;
    stats.lastRequest = { ...rest, prompts: Array.isArray(prompt?.[0]) ? prompt.length : 1 };
    stats.inFlight += 1;
    stats.maxInFlight = Math.max(stats.maxInFlight, stats.inFlight);
    response.on("close", () => {
      stats.inFlight -= 1;
    });
    const rule = pick(settings().faults, { page: "/v1/completions", number: requests, seed: settings().seed });
    const answer = complete(body, settings(), logits, requests);
    if (answer.status === 200) await work(answer);
    if (response.destroyed) return;
    if (rule === null) send(response, answer);
    else fail(rule, { response, text: JSON.stringify(answer.body), ids: askedTokens(body) });
  }

  function fail(rule: FaultRule, damaged: Damaged): void {
    stats.faults[rule.kind] = (stats.faults[rule.kind] ?? 0) + 1;
    const fault = kinds[rule.kind];
    if (fault === undefined) {
      throw new Error(`fake server: unknown fault ${rule.kind}. Known: ${Object.keys(kinds).join(", ")}`);
    }
    fault.send(damaged);
  }

  /** Waits for the device, and then for its work. */
  async function work({ tokens, prompts }: Pick<Answer, "prompts" | "tokens">): Promise<void> {
    stats.prompts += prompts;
    stats.tokens += tokens;
    const { noise, seed, msPerToken, msPerPrompt, constantMs, slowFactor } = settings();
    const jitter = 1 + noise * (2 * uniformOf(seed, stats.requests) - 1);
    const busy = (tokens * msPerToken + prompts * msPerPrompt) * slowFactor * jitter;
    if (busy + constantMs === 0) return;
    const now = clock.monotonic();
    const start = Math.max(now, deviceFree);
    deviceFree = start + busy;
    stats.queueMs += start - now;
    stats.busyMs += busy;
    stats.waiting += prompts;
    await clock.sleep(start - now);
    stats.waiting -= prompts;
    stats.running += prompts;
    await clock.sleep(busy + constantMs * slowFactor);
    stats.running -= prompts;
  }

  return { listener: (request, response) => void listener(request, response), stats, work };
}

function listModels({ modelName, root, cards, maxModelLen, listsNothing }: FakeSettings): object {
  const card = { id: modelName, object: "model", created: 1_795_312_461, owned_by: "vllm", root: root ?? modelName };
  const own = { ...card, parent: null, max_model_len: maxModelLen, permission: [] };
  return { object: "list", data: listsNothing ? [] : [own, ...cards] };
}

function askedTokens({ logprob_token_ids: asked, allowed_token_ids: allowed }: CompletionBody): readonly number[] {
  return asked ?? allowed ?? [];
}

function send(response: ServerResponse, { status, body }: Answer): void {
  json(response, status, body);
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
