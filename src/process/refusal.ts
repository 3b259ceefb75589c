import type { ToolResult } from "./run-tool.ts";

/**
 * Gives the sentence with which a Python program of launch/python has ended because of something that a person can change. Null when it
 * ended otherwise: well, by a signal, or with a traceback. Lines that begin with a brace are what the program reports as JSON.
 */
export function programRefusal({ status, tail }: Pick<ToolResult, "status" | "tail">): string | null {
  const last = tail.findLast((line) => line.trim() !== "" && !line.startsWith("{"));
  if (status !== 1 || last === undefined || tail.some((line) => line.startsWith("Traceback"))) return null;
  return last.trimEnd();
}
