import { RequestError, type RequestErrorKind } from "../../../src/engine/client/request-error.ts";

/** A time in which a server misbehaves, ms. */
export type ServerFault = {
  readonly at: number;
  readonly ms: number;
} /** Its process is gone; afterwards it is up again, perhaps with another model. */ & (
  | { readonly kind: "death"; readonly otherModel: "name" | "weights" | null }
  /** Requests get no answer, and the server takes new ones. */
  | { readonly kind: "hang" }
  /** This share of the requests fails at once. */
  | {
      readonly kind: "storm";
      readonly error: RequestErrorKind;
      readonly share: number;
      readonly retryAfterMs: number | null;
    }
  /** Every request is refused with this status. */
  | { readonly kind: "refusal"; readonly status: number }
  /** A request with more prompts is refused with status 413. */
  | { readonly kind: "small-requests"; readonly prompts: number }
);

/** The errors of a server that fails now and then. */
export const KINDS: readonly RequestErrorKind[] = ["overloaded", "server", "connection", "timeout", "malformed"];

export function errorOf(kind: RequestErrorKind, retryAfterMs: number | null): RequestError {
  return new RequestError(kind, `simulated: ${kind}`, retryAfterMs === null ? {} : { retryAfterMs });
}

export function connectionError(): RequestError {
  return new RequestError("connection", "The connection failed: ECONNREFUSED.");
}
