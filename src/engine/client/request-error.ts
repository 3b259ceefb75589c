import type { Redact } from "../../secrets/redactor.ts";

/** The kinds of failed requests. The sender treats each kind differently. */
export type RequestErrorKind =
  /** A prompt is longer than the server takes. */
  | "too-long"
  /** The request holds more prompts or bytes than the server takes (HTTP 413). */
  | "too-large"
  | "bad-request"
  | "overloaded"
  | "server"
  | "connection"
  | "timeout"
  | "malformed"
  /** The answer is from another model than the earlier answers of this engine. */
  | "wrong-model"
  /** Every request to this address fails until somebody changes something: a redirect, or a certificate that is not trusted. */
  | "wrong-address";

/**
 * The error of one request that got no usable answer. It does not end a run: the sender sends the request again, splits
 * it, or gives it up.
 */
export class RequestError extends Error {
  override readonly name = "RequestError" as const;
  readonly kind: RequestErrorKind;
  /** HTTP status; undefined when no answer arrived. */
  readonly status: number | undefined;
  /**
   * Time in ms that the server asks the sender to wait before the next attempt; undefined when the server gives no
   * time.
   */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: RequestErrorKind,
    message: string,
    options: {
      readonly status?: number | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Returns the same error without secrets. Its cause is dropped, because it may hold the answer of the server. */
  redacted(redact: Redact): RequestError {
    const { kind, message, status, retryAfterMs } = this;
    return new RequestError(kind, redact(message), { status, retryAfterMs });
  }
}
