#!/usr/bin/env node
import { isatty } from "node:tty";
import { Worker } from "node:worker_threads";
import { EXIT } from "../errors.ts";
import type { FromJob, JobData, ToJob } from "./messages.ts";
import { ERASE_LINE } from "./screen.ts";
import { unblock, whenWritten, writeOrDrop } from "./stderr.ts";
import { createWatchdog } from "./watchdog.ts";

/** Time (ms) after a first Ctrl-C in which a second one is ignored: a terminal may deliver one twice. */
const REPEAT_MS = 500;
/**
 * Heap of the job (MB). Above an old generation of 2000 MB, V8 lets garbage grow to four times what is alive. With this limit and a small
 * young generation, resident memory is 90 MB lower and stays flat over a long run.
 */
const HEAP = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 2000 };

await main(process.argv.slice(2));

/** Prints help or the version if the command line asks for them, else runs the command. */
async function main(argv: readonly string[]): Promise<void> {
  if (mayAskForHelp(argv)) {
    const { helpFor } = await import("./help.ts");
    const text = await helpFor(argv);
    if (text !== null) return printHelp(text);
  }
  startJob(argv);
}

/** Only the program that help.ts loads can parse the command line: --help may be the value of another flag. */
function mayAskForHelp(argv: readonly string[]): boolean {
  return argv[0] === "help" || argv.some((arg) => ["-h", "--help", "-V", "--version"].includes(arg));
}

function printHelp(text: string): void {
  // A reader that went away (`abtie --help | head`) is not a failure.
  process.stdout.on("error", () => process.exit(EXIT.done));
  process.stdout.write(text);
}

/** Starts the job in a worker thread and does nothing that could hang: prints, passes signals on, keeps the watchdog. */
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
  // A reader of stdout that went away (`abtie ... | head`) is not a failure.
  process.stdout.on("error", () => exit(EXIT.done));
  // Nor does a reader of stderr that went away end a job of hours.
  process.stderr.on("error", () => {});
}

/** First signal: the job stops in order and leaves a valid state. Second signal: the process ends at once. */
function passSignals(job: Worker): void {
  let firstAt: number | null = null;
  // Node undoes the effect of nohup, so a closed terminal would end a run that was meant to outlive it. Nohup leaves no terminal open.
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

/** The job must know the width: a line longer than the terminal would wrap, and the next one could not replace it. */
function passWidth(job: Worker): void {
  process.stderr.on("resize", () => {
    job.postMessage({ type: "columns", columns: process.stderr.columns } satisfies ToJob);
  });
}

/** Ends the process once all text has been written; a pipe may accept it only after the write call has returned. */
function exit(status: number): void {
  whenWritten(process.stdout, process.stderr, () => process.exit(status));
}
