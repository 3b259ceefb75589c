import { type Cause, explainFailure } from "../process/explain-failure.ts";
import { runTool, type Tool, type ToolResult } from "../process/run-tool.ts";
import type { Clock } from "../types.ts";

/** The progress of setup: the name of the step and its current activity. */
export interface SetupStep {
  readonly name: "python" | "uv" | "vllm" | "check" | "model" | "peft" | "training" | "quantizer" | "merge" | "wait";
  readonly text: string;
}

/** The folder, environment, log file and callbacks that all steps of one setup use. */
export interface SetupContext {
  /** The folder that setup fills, see locateHome. */
  readonly home: string;
  /** The complete environment of the tools: they inherit no other variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly progress: (step: SetupStep) => void;
  readonly signal: AbortSignal;
  /** The full output of every tool is appended to this file. */
  readonly logFile: string;
}

/** A tool, and the name of the step under which its progress is reported. */
export interface StepTool extends Tool {
  readonly step: SetupStep["name"];
}

/**
 * Runs a tool and returns the last lines of its output. When the tool fails, throws an AbtieError("engine") with the
 * cause, a remedy and the end of the output. When the signal aborts, throws its reason.
 */
export async function runStep(work: SetupContext, tool: StepTool): Promise<readonly string[]> {
  const result = await tryStep(work, tool);
  if (result.ok) return result.tail;
  throw explainFailure(tool, result, {
    causes: causesIn(work.home),
    next: "Then run abtie setup again; it continues.",
    logFile: work.logFile,
  });
}

/** Runs a tool whose failure is allowed. Throws only the signal's reason. */
export function tryStep({ home, progress, ...surroundings }: SetupContext, tool: StepTool): Promise<ToolResult> {
  return runTool(tool, {
    ...surroundings,
    folder: home,
    onProgress: (text) => progress({ name: tool.step, text }),
    summarizeLine,
  });
}

/**
 * Leaves out the lines of pip and uv that show no progress. Adds "compiling them" to the last line before uv compiles,
 * because uv prints nothing while it compiles.
 */
export function summarizeLine(line: string): string | null {
  if (/^[+~-] \S+==|^[[{]|^Using |^Activate with/.test(line) || /warning/i.test(line)) return null;
  // When the network is fast, compiling takes longer than all steps before it.
  if (/^Installed \d{2,} packages/.test(line)) return `${line.replace(/ in .*$/, "")}, compiling them`;
  return line;
}

/**
 * The causes of failure that a package registry or this folder can have. The first cause that fits is used, so causes
 * are listed before their effects.
 */
function causesIn(home: string): readonly Cause[] {
  return [
    {
      pattern: /No space left on device|os error 28\b|Disk quota exceeded/i,
      text: `the disk is full; free some space, or set ABTIE_HOME and UV_CACHE_DIR to a larger disk (now ${home})`,
    },
    {
      pattern: /CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer|certificate verify failed/i,
      text: "the package registry's certificate is not trusted; name your certificates with SSL_CERT_FILE",
    },
    {
      pattern: /\b(401|403|407) (Unauthorized|Forbidden|Proxy Authentication)|status code: 40[13]\b/i,
      text: "the package registry refused access; check its address and password in the settings of pip or uv",
    },
    {
      pattern:
        /dns error|failed to lookup address|Name or service not known|Temporary failure in name resolution|Connection (refused|reset|aborted)|NewConnectionError|Network is unreachable|No route to host|Read timed out|operation timed out|error sending request|Failed to fetch/i,
      text:
        "the package registry cannot be reached; check the network and the proxy (HTTPS_PROXY), or name a registry that can be reached " +
        "with PIP_INDEX_URL or UV_DEFAULT_INDEX",
    },
    {
      pattern: /hash mismatch|THESE PACKAGES DO NOT MATCH THE HASHES/i,
      text: "a downloaded package is not the pinned one; check the package registry",
    },
    {
      pattern: /No solution found|No matching distribution|Could not find a version|has no wheels|no version of/i,
      text: "the package registry lacks a pinned package for this machine and this Python; try another Python with --python",
    },
  ];
}
