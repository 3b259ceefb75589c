import { type ChildProcess, fork } from "node:child_process";
import { isatty } from "node:tty";
import type { Watch } from "../effects.ts";
import { EXIT, messageOf, systemCode } from "../errors.ts";
import { explainFileError } from "../files/explain.ts";
import { earlyWatch } from "./early-watch.ts";
import { endJob, killNow } from "./end-job.ts";
import { explainCrash, explainEnd } from "./explain-end.ts";
import { allocatorSettings, HEAP_FLAGS } from "./job-memory.ts";
import type { FromJob, ToJob } from "./messages.ts";
import { ERASE_LINE } from "./screen.ts";
import { unblock, whenWritten, writeOrDrop } from "./stderr.ts";
import { terminalSafe } from "./terminal.ts";
import { createWatchdog } from "./watchdog.ts";

/** Time (ms) after the first Ctrl-C during which a second one is ignored, because a terminal may send it twice. */
const REPEAT_MS = 500;

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
  process.stdout.on("error", (error) => process.exit(statusOfLostOutput(error)));
  process.stdout.write(text);
}

/**
 * Starts the job in a process of its own. This process, the guard, does nothing that could block: it prints, passes
 * signals to the job, and runs the watchdog, which it starts before the job exists.
 */
function startJob(argv: readonly string[]): void {
  const startedAt = performance.timeOrigin;
  let job: ChildProcess | null = null;
  let last: Watch | null = null;
  const armWatchdog = createWatchdog((watch, leftMs) => {
    const erase = process.stderr.isTTY ? ERASE_LINE : "";
    process.stderr.write(`${erase}abtie: ${terminalSafe(explainEnd(watch, startedAt))}\n`);
    const status = watch.complete ? EXIT.fallback : EXIT.data;
    job?.removeAllListeners("exit");
    void endJob(job?.pid, leftMs).finally(() => process.exit(status));
  });
  const arm = (watch: Watch): void => {
    last = watch;
    armWatchdog(watch);
  };
  const early = earlyWatch(argv, startedAt);
  if (early !== null) arm(early);
  const settings = allocatorSettings(process.env);
  job = forkJob(settings);
  const started = job;
  let isEnding = false;
  let lostStatus: number | null = null;
  const end = (status: number): void => {
    if (isEnding) return;
    isEnding = true;
    if (started.pid !== undefined) killNow(started.pid);
    whenWritten(process.stdout, process.stderr, (lost) => {
      // That the last text is lost may be known only now, before the event of the error.
      if (lost !== null) lostStatus ??= statusOfLostOutput(lost);
      process.exit(status === EXIT.done ? (lostStatus ?? status) : status);
    });
  };
  started.on("message", (message: FromJob) => {
    switch (message.type) {
      case "print":
        if (message.stream === "stdout") process.stdout.write(message.text);
        else writeOrDrop(process.stderr, message.text);
        return;
      case "watchdog":
        arm(message.watch);
        return;
      case "exit":
        started.removeAllListeners("exit");
        end(message.status);
        return;
      default:
        message satisfies never;
    }
  });
  const interrupted = passSignals(started, end);
  started.on("exit", (code, signal) => {
    if (interrupted()) return end(EXIT.interrupted);
    process.stderr.write(`abtie: ${terminalSafe(explainCrash(signal ?? `status ${code}`, last))}\n`);
    end(EXIT.bug);
  });
  started.on("error", (error) => {
    process.stderr.write(`abtie: the job process does not start: ${terminalSafe(error.message)}\n`);
    end(EXIT.bug);
  });
  const columns = process.stderr.isTTY ? terminalWidth() : null;
  send(started, { type: "start", argv, startedAt, columns, unset: Object.keys(settings) });
  passWidth(started);
  unblock(process.stdout);
  unblock(process.stderr);
  process.stdout.on("error", (error) => {
    lostStatus ??= statusOfLostOutput(error);
    end(lostStatus);
  });
  // A reader of stderr that stopped reading must not end a job that runs for hours.
  process.stderr.on("error", () => {});
}

/**
 * Explains an output that could not be written, and gives its exit status. A reader that stopped reading (`abtie ... | head`) is not
 * a failure.
 */
function statusOfLostOutput(error: Error): number {
  if (systemCode(error) === "EPIPE") return EXIT.done;
  process.stderr.write(`abtie: ${terminalSafe(messageOf(explainFileError("write", "the standard output", error)))}\n`);
  return EXIT.data;
}

/**
 * The last descriptor of the job is a pipe that this process holds open. A thread of the job ends the job when the pipe
 * closes, so that `kill -9` of this process leaves no job behind, whatever the job does.
 */
function forkJob(settings: Readonly<Record<string, string>>): ChildProcess {
  return fork(new URL("./job.js", import.meta.url), [], {
    execArgv: [...process.execArgv, ...HEAP_FLAGS],
    env: { ...process.env, ...settings },
    serialization: "advanced",
    stdio: ["inherit", "inherit", "inherit", "ipc", "pipe"],
  });
}

function send(job: ChildProcess, message: ToJob): void {
  // The job may have ended; then its exit is reported.
  if (job.connected) job.send(message, () => {});
}

/**
 * The first signal stops the job in order, with a valid state on the disk. The second signal ends the process at once.
 * Returns a function that tells whether a signal came.
 */
function passSignals(job: ChildProcess, end: (status: number) => void): () => boolean {
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
        send(job, { type: "abort", signal });
      } else if (now - firstAt > REPEAT_MS) {
        end(EXIT.interrupted);
        // A terminal that takes no text does not delay the second signal.
        process.exit(EXIT.interrupted);
      }
    });
  }
  return () => firstAt !== null;
}

/**
 * The job must know the width of the terminal, because a longer line would wrap, and the next line could not replace
 * it.
 */
function passWidth(job: ChildProcess): void {
  process.stderr.on("resize", () => send(job, { type: "columns", columns: terminalWidth() }));
}

/** Some terminals report no width, or 0 columns. */
function terminalWidth(): number {
  const { columns } = process.stderr;
  return columns > 0 ? columns : 80;
}
