import fc from "fast-check";
import { afterAll } from "vitest";
import { runEndTasks } from "./helpers/at-end.ts";

// The same examples in every run, so that a red test means the change and not the dice; another seed looks elsewhere.
fc.configureGlobal({ seed: Number(process.env["ABTIE_TEST_SEED"] ?? 1) });

// A warning of the process (leaked listener, deprecation) fails the test that caused it. The files of a worker share
// one process, and this file is run again for each of them: the symbol marks a process that has the listener.
const LISTENING = Symbol.for("abtie.test.warningListener");
const marked = globalThis as { [LISTENING]?: true };
if (!marked[LISTENING]) {
  marked[LISTENING] = true;
  process.on("warning", (warning) => {
    throw warning;
  });
}

afterAll(runEndTasks);
