#!/usr/bin/env node
import { isatty } from "node:tty";
import { Worker } from "node:worker_threads";
import { EXIT } from "../errors.ts";
import type { FromJob, JobData, ToJob } from "./messages.ts";
import { ERASE_LINE } from "./screen.ts";
import { unblock, whenWritten, writeOrDrop } from "./stderr.ts";
import { createWatchdog } from "./watchdog.ts";

/** Time (ms) after the first Ctrl-C during which a second one is ignored, because a terminal may send it twice. */
const REPEAT_MS = 500;
/**
 * Heap of the job (MB). If the old generation may exceed 2000 MB, V8 lets garbage grow to four times the size of the
 * live objects. With this limit and a small young generation, resident memory is 90 MB lower and does not grow during a
 * long run.
 */
const HEAP = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 2000 };

await main(process.argv.slice(2));

/** Prints help or the version if the command line asks for one of them, else runs the command. */
async function main(argv: readonly string[]): Promise<void> {
  if (mayAskForHelp(argv)) {
    const { helpFor } = await import("./help.ts");
    const text = await helpFor(argv);
    if (text !== null) return printHelp(text);
  }
  startJob(argv);
}

/**
 * Checks whether the command line may ask for help. Only the program that help.ts loads can decide it, because --help
 * may be the value of another flag.
 */
function mayAskForHelp(argv: readonly string[]): boolean {
  return argv[0] === "help" || argv.some((arg) => ["-h", "--help", "-V", "--version"].includes(arg));
}

function printHelp(text: string): void {
  // A reader that stopped reading (`abtie --help | head`) is not a failure.
  process.stdout.on("error", () => process.exit(EXIT.done));
  process.stdout.write(text);
}

/**
 * Starts the job in a worker thread. This thread does nothing that could block: it prints, passes signals to the job,
 * and runs the watchdog.
 */
function startJob(argv: readonly string[]): void {
  const data: JobData = {
    argv,
    startedAt: performance.timeOrigin,
    cwd: process.cwd(),
    env: process.env,
    columns: process.stderr.isTTY ? (process.stderr.columns ?? 80) : null,
  };
  const job = new Worker(new URL("./job.js", import.meta.url), {
    workerData: data,
    resourceLimits: HEAP,
  });
  const armWatchdog = createWatchdog((file) => {
    const erase = process.stderr.isTTY ? ERASE_LINE : "";
    process.stderr.write(`${erase}abtie: the job did not end in time; the last complete file is in place: ${file}\n`);
    process.exit(EXIT.fallback);
  });
  job.on("message", (message: FromJob) => {
    switch (message.type) {
      case "print":
        if (message.stream === "stdout") process.stdout.write(message.text);
        else writeOrDrop(process.stderr, message.text);
        return;
      case "watchdog":
        armWatchdog(message.at, message.file);
        return;
      case "exit":
        exit(message.status);
        return;
      default:
        message satisfies never;
    }
  });
  job.on("error", (error) => {
    process.stderr.write(`abtie: bug: ${error.stack ?? error.message}\n`);
    exit(EXIT.bug);
  });
  passSignals(job);
  passWidth(job);
  unblock(process.stdout);
  unblock(process.stderr);
  // A reader of stdout that stopped reading (`abtie ... | head`) is not a failure.
  process.stdout.on("error", () => exit(EXIT.done));
  // A reader of stderr that stopped reading must not end a job that runs for hours.
  process.stderr.on("error", () => {});
}

/**
 * The first signal stops the job in order, with a valid state on the disk. The second signal ends the process at once.
 */
function passSignals(job: Worker): void {
  let firstAt: number | null = null;
  // Node removes the effect of nohup, so the signal of a closed terminal would end a run that was started to survive
  // it. A process under nohup has no stream that is a terminal.
  const hasTerminal = [0, 1, 2].some((stream) => isatty(stream));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (signal === "SIGHUP" && !hasTerminal) return;
      const now = performance.now();
      if (firstAt === null) {
        firstAt = now;
        job.postMessage({ type: "abort", signal } satisfies ToJob);
      } else if (now - firstAt > REPEAT_MS) process.exit(EXIT.interrupted);
    });
  }
}

/**
 * The job must know the width of the terminal, because a longer line would wrap, and the next line could not replace
 * it.
 */
function passWidth(job: Worker): void {
  process.stderr.on("resize", () => {
    job.postMessage({ type: "columns", columns: process.stderr.columns } satisfies ToJob);
  });
}

/**
 * Ends the process after all text has been written, because a pipe may accept the text only after the write call has
 * returned.
 */
function exit(status: number): void {
  whenWritten(process.stdout, process.stderr, () => process.exit(status));
}
