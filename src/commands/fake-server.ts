import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Effects } from "../effects.ts";
import { AbtieError, messageOf, systemCode } from "../errors.ts";
import { verdictLogits } from "../fake-server/answers.ts";
import type { FaultRule } from "../fake-server/faults.ts";
import { createFakeServer } from "../fake-server/server.ts";
import { DEFAULT_SETTINGS } from "../fake-server/settings.ts";
import type { FakeStats } from "../fake-server/stats.ts";
import { openTokenizer } from "../fake-server/tokens.ts";

export interface FakeServerCommandOptions {
  /** Port on this machine; 0: a free one. */
  readonly port: number;
  /** Prompts per second of the device; null: as fast as it goes. */
  readonly rowsPerSecond: number | null;
  /** Time (ms) that is added to each request. */
  readonly latencyMs: number;
  readonly seed: number;
  /** Share of the preference that comes from the texts instead of noise, 0 to 1. */
  readonly quality: number;
  /** Context length in tokens. */
  readonly maxModelLen: number;
  readonly faults: readonly FaultRule[];
}

/** A fake server that listens on this machine. */
export interface ListeningFakeServer extends AsyncDisposable {
  readonly url: string;
  readonly model: string;
  /** The folder with the tokenizer.json of its model. */
  readonly tokenizer: string;
  readonly stats: Readonly<FakeStats>;
}

/** The name says in every file of a run that nothing was judged. */
const MODEL = "fake-made-up-verdicts";
const MODEL_FOLDER = fileURLToPath(new URL("../../launch/fake-model", import.meta.url));

/**
 * Starts a server on this machine whose verdicts are made up, so that every command can be tried without an engine. Throws
 * AbtieError("config") when the port cannot be used.
 */
export async function startFakeServer(
  options: FakeServerCommandOptions,
  { clock }: Pick<Effects, "clock">,
): Promise<ListeningFakeServer> {
  const { quality, seed, rowsPerSecond, latencyMs, maxModelLen, faults } = options;
  const tokenizer = openTokenizer(MODEL_FOLDER, () => new Date(clock.now()).toISOString().slice(0, 10));
  const settings = {
    ...DEFAULT_SETTINGS,
    modelName: MODEL,
    vocab: tokenizer.vocab,
    msPerPrompt: rowsPerSecond === null ? 0 : 1_000 / rowsPerSecond,
    constantMs: latencyMs,
    seed,
    maxModelLen,
    faults,
  };
  const logits = verdictLogits(tokenizer, { quality, seed });
  const { listener, stats } = createFakeServer({ settings: () => settings, tokenizer, logits, clock });
  const server = createServer(listener);
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    model: MODEL,
    tokenizer: MODEL_FOLDER,
    stats,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, port)));
    server.listen(port, "127.0.0.1", resolve);
  });
}

function explain(error: Error, port: number): AbtieError {
  const reason =
    systemCode(error) === "EADDRINUSE" ? "another program uses it" : `the system refuses it (${messageOf(error)})`;
  return new AbtieError(
    "config",
    `port ${port} of 127.0.0.1 cannot be used: ${reason}; give another with --port, or a free one with --port 0.`,
    { cause: error },
  );
}
