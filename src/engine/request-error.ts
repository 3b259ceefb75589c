/** What went wrong with one request, as far as the next step depends on it. */
export type RequestErrorKind =
  | "too-long"
  | "bad-request"
  | "overloaded"
  | "server"
  | "connection"
  | "timeout"
  | "malformed";

/**
 * Says why one request got no usable answer. Never the end of a run by itself: whoever sent it decides whether to
 * send it again, to split it, or to give it up.
 */
export class RequestError extends Error {
  override readonly name = "RequestError" as const;
  readonly kind: RequestErrorKind;
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** How long the server asked to wait, in ms; undefined when it did not. */
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
}
