import { Agent, fetch as undiciFetch } from "undici";

/** A fetch and its pool of connections, which must come from the same package and are closed together. */
export interface Http extends AsyncDisposable {
  readonly fetch: typeof globalThis.fetch;
  readonly dispatcher: NonNullable<RequestInit["dispatcher"]>;
}

/** vLLM closes a connection that was idle for 5 s: one that is reused later than that ends in a reset. */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_MS = 10_000;

/**
 * Opens a pool without a limit on connections and without time limits on answers: how many requests are in flight and how
 * long one may take is decided by whoever sends it, in one place.
 */
export function openHttp(): Http {
  const dispatcher = new Agent({
    connections: null,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_MS },
  });
  return {
    // The types of this undici and of the one inside Node differ in details that neither the SDK nor abtie uses.
    fetch: undiciFetch as unknown as Http["fetch"],
    dispatcher: dispatcher as unknown as Http["dispatcher"],
    // destroy, not close: close would wait for an answer that a hung server never sends.
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}
