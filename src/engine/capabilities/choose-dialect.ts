import { AbtieError } from "../../errors.ts";
import { RequestError, type RequestErrorKind } from "../client/request-error.ts";
import type { Dialect, DialectEntry, ProbeInput, TokenLogProbs } from "../dialects/dialect.ts";
import { DIALECTS, METHODS, type Method } from "../dialects/table.ts";

/** Asks for `ids` after the probe's prompt in a dialect; `timeoutMs` null: within the time limit of every request. */
export type AskWithin = (dialect: Dialect, ids: readonly number[], timeoutMs: number | null) => Promise<TokenLogProbs>;

export interface ChosenDialect {
  readonly dialect: Dialect;
  readonly method: Method;
  /** One line for each better method that the server refused, with the server's answer. */
  readonly tried: readonly string[];
}

/**
 * Finds the best method by which this server gives the log probabilities of label tokens. Each method is tried, because
 * a server ignores fields that it does not support, so only its answers prove that it supports a method. With `forced`,
 * only that method is tried. Throws AbtieError("engine") with every refusal when no method works, and the RequestError
 * of a server that stops answering.
 */
export async function chooseDialect(ask: AskWithin, input: ProbeInput, forced: Method | null): Promise<ChosenDialect> {
  if (new Set(input.ids).size < 2) throw new Error("the probe needs two different token ids");
  const tried: string[] = [];
  for (const method of forced === null ? METHODS : [forced]) {
    const entry: DialectEntry = DIALECTS[method];
    const optional = entry.outside && forced === null;
    const timeoutMs = optional ? OUTSIDE_MS : null;
    try {
      return { dialect: await entry.find((dialect, ids) => ask(dialect, ids, timeoutMs), input), method, tried };
    } catch (error) {
      if (!isRefusal(error, optional)) throw error;
      tried.push(`${method}: ${error.message}`);
    }
  }
  if (forced === "classify") {
    throw new AbtieError(
      "engine",
      `The server does not classify as \`engine.kind: classify\` demands. It takes ${DIALECTS.classify.needs}.`,
      { details: tried },
    );
  }
  const text =
    forced === null
      ? `in any of the ${METHODS.length} ways in which abtie can ask. Use vLLM 0.26 or newer, or start an older one with --logprobs-mode processed_logprobs.`
      : `by ${forced}, which the config demands. Remove the method from the config, or start the server with what ${forced} needs (${DIALECTS[forced].needs}).`;
  throw new AbtieError("engine", `The server does not give log probabilities of label tokens ${text}`, {
    details: tried,
  });
}

/** Time limit (ms) of a trial on a page outside /v1, which a server without that page may never answer. */
const OUTSIDE_MS = 10_000;

/** Distinguishes a server that refuses a request from a server that stopped answering. */
function isRefusal(error: unknown, optional: boolean): error is RequestError {
  return error instanceof RequestError && (optional || IS_REFUSAL[error.kind]);
}

const IS_REFUSAL = {
  "bad-request": true,
  malformed: true,
  server: true,
  "too-long": true,
  "too-large": true,
  connection: false,
  overloaded: false,
  timeout: false,
  "wrong-model": false,
  "wrong-address": false,
} as const satisfies Record<RequestErrorKind, boolean>;
