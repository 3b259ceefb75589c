import { InvalidArgumentError } from "commander";
import type { ListeningFakeServer } from "../../commands/fake-server.ts";
import { FAULTS, type FaultRule } from "../../fake-server/faults.ts";
import { plural } from "../../format.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, type Context, printJson } from "./context.ts";
import { jsonOption, positiveNumber, wholeNumber } from "./options.ts";

interface FakeServerFlags {
  readonly port: number;
  readonly rowsPerSecond?: number;
  readonly latency: number;
  readonly seed: number;
  readonly quality: number;
  readonly maxModelLen: number;
  readonly fault?: readonly FaultRule[];
  readonly json?: boolean;
}

/** Share of the requests that fail when --fault gives none. */
const USUAL_RATE = 0.1;

/** Adds `abtie fake-server`. */
export const addFakeServer: AddCommand = (program, context) => {
  program
    .command("fake-server")
    .summary("start a server with made-up verdicts, to try abtie without an engine")
    .description(
      "Starts a server on this machine that answers as vLLM does, and runs until Ctrl-C. No model runs: its verdicts are made up from the " +
        "number of different words in the answers and from noise. They agree with people a little more often than chance, so that every " +
        "command has something to show. Never use them as results. Prints its address on stdout.",
    )
    .option("--port <n>", "port on 127.0.0.1; 0: a free one", portNumber, 8000)
    .option("--rows-per-second <r>", "speed (default: as fast as it goes)", positiveNumber)
    .option("--latency <ms>", "time that is added to each request", wholeNumber(0), 0)
    .option("--seed <n>", "seed of the noise", wholeNumber(0), 0)
    .option("--quality <q>", "share of the preference that comes from the texts instead of noise, 0 to 1", share, 0.7)
    .option("--max-model-len <n>", "context length in tokens", wholeNumber(64), 8192)
    .option(
      "--fault <kind[:rate]>",
      `let a share of the requests fail (default share: ${USUAL_RATE}); may be repeated. Kinds: ${faultList()}`,
      addFault,
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie fake-server",
        "abtie fake-server --port 0 --rows-per-second 20 --fault overloaded:0.05 --fault hang:0.01",
        ["abtie run -i rows.csv --base-url http://127.0.0.1:8000 -o submission.csv", "in another terminal"],
      ]),
    )
    .action(async ({ json, fault = [], latency, rowsPerSecond, ...flags }: FakeServerFlags) => {
      const { startFakeServer } = await import("../../commands/fake-server.ts");
      await using server = await startFakeServer(
        { ...flags, rowsPerSecond: rowsPerSecond ?? null, latencyMs: latency, faults: fault },
        context,
      );
      announce(server, context, json === true);
      await aborted(context.signal);
      context.printToStderr(`stopped after ${renderStats(server.stats)}`);
    });
};

function announce({ url, model, tokenizer }: ListeningFakeServer, context: Context, json: boolean): void {
  context.printToStderr(
    `${model}: no model runs here; the verdicts are made up and never results. Ctrl-C ends the server.`,
  );
  if (json) printJson(context, { url, model, tokenizer });
  else context.print(url);
}

function renderStats({ prompts, requests, faults }: ListeningFakeServer["stats"]): string {
  const counts = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const failed = counts.length === 0 ? "" : `; faults: ${counts.join(", ")}`;
  return `${plural(prompts, "prompt")} in ${plural(requests, "request")}${failed}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function faultList(): string {
  return Object.entries(FAULTS)
    .map(([kind, { help }]) => `${kind} (${help})`)
    .join(", ");
}

function addFault(text: string, earlier: readonly FaultRule[] = []): readonly FaultRule[] {
  const [kind = "", rate, ...more] = text.split(":");
  if (!Object.hasOwn(FAULTS, kind) || more.length > 0) {
    throw new InvalidArgumentError(`expected one of ${Object.keys(FAULTS).join(", ")}, or with a share: reset:0.05.`);
  }
  return [...earlier, { kind, rate: rate === undefined ? USUAL_RATE : share(rate) }];
}

function share(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("expected a number from 0 to 1.");
}

function portNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65_535) return value;
  throw new InvalidArgumentError("expected a port from 0 to 65535.");
}
