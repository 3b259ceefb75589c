import { parentPort, workerData } from "node:worker_threads";
import { AbtieError, EXIT } from "../errors.ts";
import { createEffects, systemClock } from "../system.ts";
import type { Context } from "./commands/context.ts";
import type { FromJob, JobData, ToJob } from "./messages.ts";
import { createProgram } from "./program.ts";
import { createScreen } from "./screen.ts";

await job(workerData as JobData);

/** Runs one command line in the worker thread. Only this function catches every error and chooses the exit status. */
async function job(data: JobData): Promise<void> {
  const send = (message: FromJob): void => parentPort?.postMessage(message);
  const controller = new AbortController();
  let { columns } = data;
  parentPort?.on("message", (message: ToJob) => {
    switch (message.type) {
      case "columns":
        columns = message.columns;
        return;
      case "abort":
        controller.abort(new AbtieError("interrupted", `interrupted by ${message.signal}`));
        return;
      default:
        message satisfies never;
    }
  });
  const screen = createScreen({
    write: (text) => send({ type: "print", stream: "stderr", text }),
    columns: () => columns,
    clock: systemClock,
  });
  const effects = createEffects({
    startedAt: data.startedAt,
    cwd: data.cwd,
    env: data.env,
    signal: controller.signal,
    log: screen.log,
    progress: screen.progress,
    armWatchdog: (at, file) => send({ type: "watchdog", at, file }),
  });
  const context: Context = {
    ...effects,
    print: (text) => send({ type: "print", stream: "stdout", text: `${text}\n` }),
    printToStderr: screen.print,
  };
  const status = await createProgram(context)
    .run(data.argv)
    .catch((error: unknown) => printError(error, screen.print));
  screen.close();
  send({ type: "exit", status });
}

/** Prints an error and returns its exit status. */
function printError(error: unknown, print: (text: string) => void): number {
  if (error instanceof AbtieError) {
    print([`abtie: ${error.message}`, ...error.details.map((line) => `  ${line}`)].join("\n"));
    return EXIT[error.code];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  print(`abtie: this is a bug of abtie; please report it with the command and this text:\n${text}`);
  return EXIT.bug;
}
