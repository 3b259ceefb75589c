import { AbtieError } from "../errors.ts";
import type { Tool, ToolResult } from "./run-tool.ts";

/** A cause of failure that the output of a tool shows. */
export interface Cause {
  readonly pattern: RegExp;
  /** The cause and its remedy, as a text that follows "cannot install vLLM: ". */
  readonly text: string;
}

const SHOWN_LINES = 30;

/**
 * Explains why a tool failed: one sentence with the cause and its remedy, then `next`, a sentence that describes how to
 * continue. The error's details are the end of the output. `causes` are compared with the output before the causes that
 * any tool can have.
 */
export function explainFailure(
  tool: Pick<Tool, "title" | "command" | "limitMs">,
  { status, timedOut, tail }: Pick<ToolResult, "status" | "timedOut" | "tail">,
  { causes, next, logFile }: { readonly causes: readonly Cause[]; readonly next: string; readonly logFile: string },
): AbtieError {
  const output = tail.join("\n");
  const seen = [...causes, ...COMMON_CAUSES].find(({ pattern }) => pattern.test(output));
  const cause = timedOut
    ? `it was stopped at its limit of ${Math.round(tool.limitMs / 60_000)} min; try again when the machine or the network is faster`
    : (seen?.text ?? describeStatus(tool.command, status));
  const message = `cannot ${tool.title}: ${cause}. ${next} The full output is in ${logFile}.`;
  return new AbtieError("engine", message, { details: tail.slice(-SHOWN_LINES) });
}

const COMMON_CAUSES: readonly Cause[] = [
  { pattern: /No space left on device|os error 28\b|Disk quota exceeded/i, text: "the disk is full; free some space" },
  {
    // What torch says when its archive of a checkpoint does not become as long as what was written.
    pattern: /enforce fail at inline_container|PytorchStreamWriter failed writing|iostream error/,
    text: "a checkpoint could not be written as a whole: the disk is probably full; free some space",
  },
  {
    pattern: /MemoryError|Cannot allocate memory|out of memory/i,
    text: "there is not enough memory; close other programs",
  },
];

function describeStatus(command: string, status: number): string {
  switch (status) {
    case 127:
      return `${command} cannot be started; remove the environment that it is in, or check the path`;
    case 132:
      return "this processor lacks instructions that it needs (AVX2); use another machine or another engine";
    case 137:
      return "it was killed, perhaps because there was not enough memory; close other programs";
    default:
      return `it ended with status ${status}; the end of its output may say why`;
  }
}
