/** The kinds of failed requests; the sender handles each in its own way. */
export type RequestErrorKind =
  | "too-long"
  | "bad-request"
  | "overloaded"
  | "server"
  | "connection"
  | "timeout"
  | "malformed";

/**
 * One request without a usable answer. It does not end a run: the sender sends the request again, splits it, or gives it
 * up.
 */
export class RequestError extends Error {
  override readonly name = "RequestError" as const;
  readonly kind: RequestErrorKind;
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Time in ms after which the server asks for the next attempt; undefined when it names none. */
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
