import type { SetupStep } from "../setup/work.ts";

/** One run of a program. */
export interface Tool {
  readonly step: SetupStep["name"];
  /** What it does, for the progress display and after "cannot": "install vLLM". */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** It is ended after this many ms. */
  readonly limitMs: number;
}

/** How a run ended. */
export interface ToolResult {
  readonly ok: boolean;
  /** Exit status; 128 + n for signal n, 127 when the program is missing. */
  readonly status: number;
  readonly timedOut: boolean;
  /** The last lines of stdout and stderr together. */
  readonly tail: readonly string[];
}
