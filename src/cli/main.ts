#!/usr/bin/env node
import { isatty } from "node:tty";
import { Worker } from "node:worker_threads";
import { EXIT } from "../errors.ts";
import { watchGuard } from "./guard.ts";
import type { FromJob, JobData, ToJob } from "./messages.ts";
import { CLEAR } from "./screen.ts";
import { talk, unblock, whenTaken } from "./talk.ts";

/** Grace (ms) between a first and a second Ctrl-C: a terminal may deliver one twice. */
const REPEAT_MS = 500;
/**
 * Heap of the job (MB). The young generation is small, and the old one stays just below the size from which on V8 lets
 * garbage grow to four times what is alive: resident memory is 90 MB lower, and flat over a long run.
 */
const HEAP = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 2000 };

main();

function main(): void {
  const data: JobData = {
    argv: process.argv.slice(2),
    startedAt: performance.timeOrigin,
    cwd: process.cwd(),
    env: process.env,
    columns: process.stderr.isTTY ? (process.stderr.columns ?? 80) : null,
  };
  const job = new Worker(new URL("./job.js", import.meta.url), {
    workerData: data,
    resourceLimits: HEAP,
  });
  const guard = watchGuard((file) => {
    const clear = process.stderr.isTTY ? CLEAR : "";
    process.stderr.write(`${clear}abtie: the job did not end in time; the last complete file is in place: ${file}\n`);
    process.exit(EXIT.fallback);
  });
  job.on("message", (message: FromJob) => {
    if (message.type === "print") print(message.stream, message.text);
    else if (message.type === "guard") guard(message.at, message.file);
    else end(message.status);
  });
  job.on("error", (error) => {
    process.stderr.write(`abtie: bug: ${error.stack ?? error.message}\n`);
    end(EXIT.bug);
  });
  passSignals(job);
  passWidth(job);
  unblock(process.stdout);
  unblock(process.stderr);
  // A reader that went away (`abtie ... | head`) is no failure of ours.
  process.stdout.on("error", () => end(EXIT.done));
  // Talk that nobody reads any more is no reason to stop hours of work.
  process.stderr.on("error", () => {});
}

/** First signal: the job stops in order and leaves a valid state. Second: the process ends at once. */
function passSignals(job: Worker): void {
  let firstAt: number | null = null;
  // Node undoes what nohup set, so a closed terminal would end a run that was meant to outlive it: nohup leaves no terminal.
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

/** A line that is longer than the terminal would wrap, and could not be drawn over. */
function passWidth(job: Worker): void {
  process.stderr.on("resize", () => {
    job.postMessage({ type: "columns", columns: process.stderr.columns } satisfies ToJob);
  });
}

function print(stream: "stdout" | "stderr", text: string): void {
  if (stream === "stdout") process.stdout.write(text);
  else talk(process.stderr, text);
}

/** Ends once what was written has left the process; a pipe may take it later than the call returns. */
function end(status: number): void {
  whenTaken(process.stdout, process.stderr, () => process.exit(status));
}
