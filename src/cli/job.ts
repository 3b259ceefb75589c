import { isatty } from "node:tty";
import { styleText } from "node:util";
import { Worker } from "node:worker_threads";
import { AbtieError, EXIT } from "../errors.ts";
import { secretsOfEnvironment } from "../secrets/environment.ts";
import { createRedactor } from "../secrets/redactor.ts";
import { createEffects, systemClock } from "../system.ts";
import type { Context, GivenContext, Heading } from "./commands/context.ts";
import type { FromJob, JobData, ToJob } from "./messages.ts";
import { createProgram } from "./program.ts";
import { createScreen } from "./screen.ts";
import { messageText, terminalSafe } from "./terminal.ts";

// Before anything else, so that a job is never left without its guard.
new Worker(new URL("./lifeline.js", import.meta.url)).unref();
process.once("message", (message: ToJob) => {
  if (message.type === "start") void job(message);
});

/** Runs one command line. Only this function catches every error and chooses the exit status. */
async function job(data: JobData): Promise<void> {
  for (const name of data.unset) delete process.env[name];
  const send = (message: FromJob): void => {
    process.send?.(message);
  };
  const redactor = createRedactor(secretsOfEnvironment(process.env));
  const { redact } = redactor;
  const clean = (text: string): string => messageText(text, redact);
  const controller = new AbortController();
  const abort = (signal: string): void => controller.abort(new AbtieError("interrupted", `interrupted by ${signal}`));
  let { columns } = data;
  process.on("message", (message: ToJob) => {
    switch (message.type) {
      case "start":
        return;
      case "columns":
        columns = message.columns;
        return;
      case "abort":
        abort(message.signal);
        return;
      default:
        message satisfies never;
    }
  });
  // The terminal sends Ctrl-C to both processes. Only the guard knows whether a closed terminal counts.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => abort(signal));
  process.on("SIGHUP", () => {});
  process.on("uncaughtException", (error) => {
    send({ type: "print", stream: "stderr", text: `${clean(`abtie: bug: ${error.stack ?? error.message}`)}\n` });
    send({ type: "exit", status: EXIT.bug });
  });
  const screen = createScreen({
    write: (text) => send({ type: "print", stream: "stderr", text }),
    clean,
    paint: (format, text) => styleText(format, text, { stream: process.stderr }),
    columns: () => columns,
    clock: systemClock,
  });
  const run = async (): Promise<number> => {
    const effects = createEffects({
      startedAt: data.startedAt,
      redactor,
      signal: controller.signal,
      log: screen.log,
      progress: screen.progress,
      armWatchdog: (watch) => send({ type: "watchdog", watch }),
    });
    const context: GivenContext = {
      ...effects,
      print: (text) => {
        // On a terminal, the result would follow the progress on its line.
        screen.close();
        send({ type: "print", stream: "stdout", text: `${terminalSafe(redact(text))}\n` });
      },
      printToStderr: screen.print,
      note: screen.print,
      columns: isatty(1) ? columns : null,
    };
    return createProgram(context).run(data.argv);
  };
  const status = await run().catch((error: unknown) => printError(error, screen.print));
  screen.close();
  send({ type: "exit", status });
}

/** Prints an error and returns its exit status. */
function printError(error: unknown, print: Context["printToStderr"]): number {
  if (error instanceof AbtieError) {
    print([error.message, ...error.details.map((line) => `  ${line}`)].join("\n"), HEADING);
    return EXIT[error.code];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  print(`this is a bug of abtie; please report it with the command and this text:\n${text}`, HEADING);
  return EXIT.bug;
}

const HEADING: Heading = { colour: "red", text: "abtie:" };
