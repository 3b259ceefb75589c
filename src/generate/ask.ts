import { z } from "zod";
import { keyProblem } from "../config/engine-schema.ts";
import type { Effects } from "../effects.ts";
import { type Client, createClient } from "../engine/client/client.ts";
import { RequestError, type RequestErrorKind } from "../engine/client/request-error.ts";
import { normaliseBaseUrl } from "../engine/life/attach.ts";
import { AbtieError } from "../errors.ts";
import type { Message } from "../prompt/tokenizer/tokenizer.ts";
import { DEFAULT_RETRY, retryDelay } from "../schedule/backoff.ts";
import { Secret } from "../secrets/secret.ts";
import { partsOfUrl } from "../secrets/url.ts";
import type { TextRequest, WrittenText } from "./items.ts";

/** Servers that write texts. */
export interface Writers extends AsyncDisposable {
  /**
   * Asks for one text, again after failures that may pass. Gives the reason instead when the server refuses the request. Throws
   * AbtieError("engine") when a server does not answer in any attempt, and the signal's reason.
   */
  readonly write: (request: TextRequest, signal: AbortSignal) => Promise<WrittenText | string>;
}

export interface WritersOptions {
  readonly attach: string;
  readonly maxTokens: number;
  readonly system: string | null;
}

const TIMEOUT_MS = 600_000;
/** Whether a request that failed so is sent again. */
const AGAIN: Readonly<Record<RequestErrorKind, boolean>> = {
  "too-long": false,
  "too-large": false,
  "bad-request": false,
  overloaded: true,
  server: true,
  connection: true,
  timeout: true,
  malformed: true,
  "wrong-model": false,
  "wrong-address": false,
};

const answerSchema = z.object({
  choices: z
    .array(z.object({ message: z.object({ content: z.string().nullable() }), finish_reason: z.string().nullish() }))
    .min(1),
});

/** Opens the servers of the requests; the key is that of OPENAI_API_KEY. Throws AbtieError("config") when that cannot be a key. */
export function openWriters(
  { attach, maxTokens, system }: WritersOptions,
  { clock, env, redactor, random }: Pick<Effects, "clock" | "env" | "redactor" | "random">,
): Writers {
  const clients = new Map<string, { client: Client; model: Promise<string | null> }>();
  const key = env["OPENAI_API_KEY"] || "EMPTY";
  const problem = keyProblem(key);
  if (problem !== null) throw new AbtieError("config", `OPENAI_API_KEY ${problem}`);
  const apiKey = new Secret(key);
  const open = (address: string) => {
    const { shown, secrets, ...access } = partsOfUrl(address);
    redactor.add(secrets);
    const baseUrl = normaliseBaseUrl(shown);
    const options = {
      apiKey,
      access: { ...access, secrets },
      redact: redactor.redact,
      env,
      clock,
      timeoutMs: TIMEOUT_MS,
    };
    const client = createClient({ ...options, baseUrl });
    // A gateway may list no models; then the request goes without a name.
    const model = client.models().then(
      ([first]) => first?.id ?? null,
      () => null,
    );
    return { client, model };
  };
  const clientFor = (address: string) => {
    const found = clients.get(address) ?? open(address);
    clients.set(address, found);
    return found;
  };
  const write: Writers["write"] = async (request, signal) => {
    const { client, model } = clientFor(request.attach ?? attach);
    const body = {
      model: request.model ?? (await model),
      messages: messagesOf(request, system),
      max_tokens: maxTokens,
      temperature: request.temperature,
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return readAnswer(await client.post("/v1/chat/completions", body, 1, { signal }));
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (!AGAIN[error.kind]) return `the server refused it: ${error.message}`;
        if (attempt >= DEFAULT_RETRY.attempts) {
          throw new AbtieError(
            "engine",
            `the server did not answer in ${attempt} attempts: ${error.message} Run the same command again: it continues`,
            { cause: error },
          );
        }
        await clock.sleep(retryDelay(attempt, error.retryAfterMs, DEFAULT_RETRY, random), signal);
      }
    }
  };
  return {
    write,
    [Symbol.asyncDispose]: async () => {
      for (const { client } of clients.values()) await client[Symbol.asyncDispose]();
    },
  };
}

/** Writes a prompt as a chat; a chat with a system message of its own keeps it. */
function messagesOf({ prompt }: TextRequest, system: string | null): readonly Message[] {
  const messages: readonly Message[] = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
  return system === null || messages[0]?.role === "system"
    ? messages
    : [{ role: "system", content: system }, ...messages];
}

function readAnswer(answer: unknown): WrittenText {
  const parsed = answerSchema.safeParse(answer);
  const [choice] = parsed.data?.choices ?? [];
  if (choice === undefined) throw new RequestError("malformed", "the answer holds no message of a chat.");
  return { text: choice.message.content ?? "", cut: choice.finish_reason === "length" };
}
