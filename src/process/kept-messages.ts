/** A kept server as its users see it. It holds no secret: who may use it has the key in the config that started it. */
export interface KeptServer {
  /** The name under which it lists its model; no other server has it. */
  readonly name: string;
  readonly baseUrl: string;
  readonly model: string;
  readonly logFile: string;
  /** ms since 1970. */
  readonly startedAt: number;
}

/** What is asked at the socket of a kept server, one line of JSON each. `keepMs` replaces the time for which it is kept. */
export type KeeperQuestion =
  | { readonly ask: "state" }
  | { readonly ask: "lease"; readonly keepMs: number }
  | { readonly ask: "stop" };

/** The answer to a question, one line of JSON. */
export interface KeeperAnswer {
  /** Whether the server was lent, or will stop. */
  readonly given: boolean;
  readonly server: KeptServer;
  /** Time (ms) until it stops if nobody uses it; null while somebody does. */
  readonly endsInMs: number | null;
}
