import { parentPort, workerData } from "node:worker_threads";
import { AbtieError, EXIT } from "../errors.ts";
import { systemClock } from "./clock.ts";
import type { Context } from "./context.ts";
import { createEffects } from "./effects.ts";
import type { FromJob, JobData, ToJob } from "./messages.ts";
import { createProgram } from "./program.ts";
import { createScreen } from "./screen.ts";

await job(workerData as JobData);

/** Runs one command line in the worker thread; the only place that catches last and chooses the exit status. */
async function job(data: JobData): Promise<void> {
  const tell = (message: FromJob): void => parentPort?.postMessage(message);
  const controller = new AbortController();
  let { columns } = data;
  parentPort?.on("message", (message: ToJob) => {
    if (message.type === "columns") columns = message.columns;
    else controller.abort(new AbtieError("interrupted", `interrupted by ${message.signal}`));
  });
  const screen = createScreen({
    write: (text) => tell({ type: "print", stream: "stderr", text }),
    columns: () => columns,
    clock: systemClock,
  });
  const context: Context = {
    ...createEffects({
      ...{ startedAt: data.startedAt, cwd: data.cwd, env: data.env },
      ...{ signal: controller.signal, log: screen.log, progress: screen.progress },
      guard: (at, file) => tell({ type: "guard", at, file }),
    }),
    print: (text) => tell({ type: "print", stream: "stdout", text }),
    say: screen.say,
  };
  const status = await createProgram(context)
    .run(data.argv)
    .catch((error: unknown) => report(error, screen.say));
  screen.close();
  tell({ type: "exit", status });
}

function report(error: unknown, say: (text: string) => void): number {
  if (error instanceof AbtieError) {
    say([`abtie: ${error.message}`, ...error.details.map((line) => `  ${line}`)].join("\n"));
    return EXIT[error.code];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say(`abtie: this is a bug of abtie, please report it with the command and this text:\n${text}`);
  return EXIT.bug;
}
