import { AbtieError } from "../../errors.ts";
import type { ServerText } from "../../prompt/tokenizer/server.ts";
import type { Redact } from "../../secrets/redactor.ts";
import type { Secret } from "../../secrets/secret.ts";
import type { Clock, Log } from "../../types.ts";
import { readModelName } from "../capabilities/answers-as.ts";
import { chooseDialect } from "../capabilities/choose-dialect.ts";
import { parseMetrics } from "../capabilities/metrics.ts";
import type { Client, RequestLimits } from "../client/client.ts";
import { RequestError } from "../client/request-error.ts";
import type { ServedModel } from "../client/served-models.ts";
import { classify } from "../dialects/classify.ts";
import { completionRequest } from "../dialects/completions.ts";
import type { Dialect, ProbeInput, Question, TokenLogProbs } from "../dialects/dialect.ts";
import { DIALECTS, type Method } from "../dialects/table.ts";
import type { Engine } from "../engine.ts";
import { optionalPage, readServerFacts } from "./optional-pages.ts";
import { hasNoList, refused } from "./readiness.ts";

/** A server that can tokenise and answer, before the method for label probabilities is known. */
export interface ProbedServer extends ServerText {
  readonly maxModelLen: number | null;
  /** Sends any question about one prompt, with the name of the model added to the body. Throws a RequestError. */
  readonly ask: (path: string, body: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

/** Options for spawning a server and for attaching to one. */
export interface EngineOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The environment variables: a spawned server inherits them, and they may name a proxy. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Key for the Authorization header. */
  readonly apiKey: Secret;
  /** Removes the secrets from the texts of the server. */
  readonly redact: Redact;
  /** When this signal aborts, the start ends, and a server that abtie was starting is stopped. */
  readonly signal: AbortSignal;
  /** The only method that may be used; null: the best one that the server supports is used. */
  readonly method: Method | null;
  /** Gives a real prompt and real label ids. Called as soon as the server can tokenise. */
  readonly probe: (server: ProbedServer) => Promise<ProbeInput>;
  /** Longest time for one request, in ms. */
  readonly timeoutMs: number;
  /** Longest time for the first request, in ms. The server may have to compile its kernels before it answers. */
  readonly warmUpMs: number;
  /** Sends a first request, and repeats it while its failure may pass. Default: it is sent once. */
  readonly repeat?: <T>(send: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Called with a short text for each stage of the start. */
  readonly onProgress?: (text: string) => void;
}

/** An engine without the parts that only spawning or only attaching can add. */
export type ConnectedEngine = Omit<Engine, "died" | "logFile" | typeof Symbol.asyncDispose>;

/** A server that is ready, and the model that is used there. */
interface ReadyServer {
  readonly client: Client;
  readonly baseUrl: string;
  readonly model: ServedModel;
}

/**
 * Makes an engine from a server that is ready: sends one request that warms it up, and finds the method by which it
 * gives log probabilities. Throws AbtieError("engine"), or a RequestError when the server stops answering.
 */
export async function openEngine(server: ReadyServer, options: EngineOptions): Promise<ConnectedEngine> {
  const { client, baseUrl, model } = server;
  const { signal, log } = options;
  const text: ServerText = {
    tokenize: (body, own = signal) => client.tokenize(model.id, body, { signal: own }),
    detokenize: (tokens, own = signal) => client.detokenize(model.id, tokens, { signal: own }),
  };

  const facts = await readServerFacts(client, signal);
  const maxModelLen = facts.contextLength ?? model.maxModelLen;
  const repeat = options.repeat ?? ((send) => send());
  const probe = await options.probe({
    tokenize: (body, own = signal) => repeat(() => text.tokenize(body, own), own),
    detokenize: (tokens, own = signal) => repeat(() => text.detokenize(tokens, own), own),
    maxModelLen,
    ask: (path, body) =>
      repeat(() => client.post(path, { model: model.id, ...body }, 1, { signal, timeoutMs: options.warmUpMs }), signal),
  });
  options.onProgress?.("warming up with a first request");
  let answersAs = await repeat(() => warmUp(server, probe, options), signal);
  const { dialect, method, tried } = await chooseDialect(
    async (trial, ids, timeoutMs) => {
      const question = { model: model.id, prompts: [probe.prompt], ids, cacheSalt: null };
      const limits = { signal, timeoutMs: timeoutMs ?? undefined };
      const asked = await repeat(() => askIn(trial, question, { client, answersAs, limits }), signal);
      answersAs ??= asked.answersAs;
      const [answer] = asked.results;
      if (answer === undefined) throw new Error("a dialect reads one result for each prompt");
      return answer;
    },
    probe,
    options.method,
  );
  const { lacks } = DIALECTS[method];
  if (lacks !== null && options.method === null) log("warn", fallbackText(method, lacks, tried));
  if (answersAs !== null && answersAs !== model.id) {
    log("warn", `The answers to requests for ${model.id} bear the name ${answersAs}, as some gateways do.`);
  }

  const expected = answersAs;
  return {
    baseUrl,
    model: model.id,
    served: { ...model, maxModelLen, contextFrom: facts.contextLength === null ? model.contextFrom : null },
    answersAs: expected,
    version: facts.version === null ? null : options.redact(facts.version),
    maxModelLen,
    method,
    tried,
    score: async (prompts, ids, own, cacheSalt) => {
      const question = { model: model.id, prompts, ids, cacheSalt: cacheSalt ?? null };
      return (
        await askIn(dialect, question, { client, answersAs: expected, limits: { signal: own, timeoutMs: SCORING_MS } })
      ).results;
    },
    post: async (path, body, prompts, own) => {
      const answer = await client.post(path, { model: model.id, ...body }, prompts, {
        signal: own,
        timeoutMs: SCORING_MS,
      });
      readModelName(answer, expected);
      return answer;
    },
    ...text,
    listed: async (own) => {
      const models = await client.models({ signal: own }).catch((error: unknown) => {
        if (error instanceof RequestError && hasNoList(error)) return [model];
        throw error;
      });
      return models.find(({ id }) => id === model.id) ?? null;
    },
    metrics: async (own) => {
      const page = await optionalPage(client, "/metrics", own);
      return page === null ? null : parseMetrics(page);
    },
  };
}

/** Sends the requests of a dialect one after another and reads the answers. */
async function askIn(
  dialect: Dialect,
  question: Question,
  { client, answersAs, limits }: { client: Client; answersAs: string | null; limits: RequestLimits },
): Promise<{ readonly results: readonly TokenLogProbs[]; readonly answersAs: string | null }> {
  const answers: unknown[] = [];
  let name = answersAs;
  for (const { path, body } of dialect.requests(question)) {
    const answer = await client.post(path, body, question.prompts.length, limits);
    name = readModelName(answer, name) ?? name;
    answers.push(answer);
  }
  return { results: dialect.read(answers, question), answersAs: name };
}

/** Returns the name of the model that the first answer bears; null when it bears none or the request was refused. */
async function warmUp(
  { client, baseUrl, model }: ReadyServer,
  probe: ProbeInput,
  { signal, warmUpMs, method }: EngineOptions,
): Promise<string | null> {
  const question = { model: model.id, prompts: [probe.prompt], ids: probe.ids, cacheSalt: null };
  const asksClasses = method === "classify";
  const [request] = asksClasses ? classify.requests(question) : [completionRequest(question, { logprobs: 1 })];
  if (request === undefined) throw new Error("a question needs a request");
  const { path, body } = request;
  try {
    return readModelName(await client.post(path, body, 1, { signal, timeoutMs: warmUpMs }), null);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 401 || error.status === 403) throw refused(baseUrl, error);
    if (error.status === 404) {
      throw new AbtieError(
        "engine",
        `${baseUrl} has no ${path}, or does not serve ${model.id}: ${error.message}${asksClasses ? NO_CLASSIFIER : NO_TEXT}`,
        { cause: error },
      );
    }
    // A request that the server refused has warmed it up too. chooseDialect then finds the methods that the server
    // supports.
    if (error.kind !== "bad-request" && error.kind !== "malformed") throw error;
    return null;
  }
}

/** Time limit (ms) of the client for requests of scoring, a day: the schedule limits them, which knows how many wait before each. */
const SCORING_MS = 86_400_000;
const NO_CLASSIFIER = ` A classifier needs ${DIALECTS.classify.needs}.`;
const NO_TEXT =
  " Give the address of an OpenAI-compatible server with completions, and the name of its model; a classifier needs `engine.kind: classify`.";

function fallbackText(method: Method, lacks: string, tried: readonly string[]): string {
  return `The server gives label probabilities only by ${method}: ${lacks}. Refused: ${tried.join("; ")}`;
}
