import { AbtieError } from "../errors.ts";
import type { Work } from "../setup/work.ts";
import type { Tool, ToolResult } from "./tool.ts";

const TAIL = 30;

/** Explains why a tool failed: one sentence with the cause, what to do, and the end of its output. */
export function explainFailure(
  tool: Pick<Tool, "title" | "command" | "limitMs">,
  result: Pick<ToolResult, "status" | "timedOut" | "tail">,
  work: Pick<Work, "home" | "logFile">,
): AbtieError {
  const text = result.tail.join("\n");
  const cause = result.timedOut
    ? `it was stopped after ${Math.round(tool.limitMs / 60_000)} min; try again when the network is faster: what is there stays`
    : (CAUSES.find(({ seen }) => seen.test(text))?.cause ?? describeStatus(tool, result.status));
  return new AbtieError(
    "engine",
    `cannot ${tool.title}: ${cause.replaceAll("{home}", work.home)}. Then run abtie setup again; it continues. The full output is in ${work.logFile}.`,
    { details: result.tail.slice(-TAIL) },
  );
}

/** Known causes; the first that fits counts, so the particular ones come before what they lead to. */
const CAUSES: readonly { readonly seen: RegExp; readonly cause: string }[] = [
  {
    seen: /No space left on device|os error 28\b|Disk quota exceeded/i,
    cause: "the disk is full; free some space, or set ABTIE_HOME and UV_CACHE_DIR to a larger disk (now {home})",
  },
  {
    seen: /CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer|certificate verify failed/i,
    cause: "the package registry's certificate is not trusted; name your certificates with SSL_CERT_FILE",
  },
  {
    seen: /\b(401|403|407) (Unauthorized|Forbidden|Proxy Authentication)|status code: 40[13]\b/i,
    cause: "the package registry refused access; check its address and password in pip's or uv's settings",
  },
  {
    seen: /dns error|failed to lookup address|Name or service not known|Temporary failure in name resolution|Connection (refused|reset|aborted)|NewConnectionError|Network is unreachable|No route to host|Read timed out|operation timed out|error sending request|Failed to fetch/i,
    cause:
      "the package registry cannot be reached; check the network and the proxy (HTTPS_PROXY), or name a registry that is reachable with PIP_INDEX_URL or UV_DEFAULT_INDEX",
  },
  {
    seen: /hash mismatch|THESE PACKAGES DO NOT MATCH THE HASHES/i,
    cause: "a downloaded package is not the pinned one; check the package registry",
  },
  {
    seen: /No solution found|No matching distribution|Could not find a version|has no wheels|no version of/i,
    cause:
      "the package registry lacks a pinned package for this machine and this Python; try another Python with --python",
  },
  {
    seen: /MemoryError|Cannot allocate memory|out of memory/i,
    cause: "the memory does not suffice; close other programs",
  },
];

function describeStatus(tool: Pick<Tool, "command">, status: number): string {
  if (status === 127) return `${tool.command} cannot be started; remove its folder`;
  if (status === 132)
    return "this processor lacks instructions that it needs (AVX2); use another machine or another engine";
  if (status === 137) return "it was killed, perhaps because the memory did not suffice; close other programs";
  return `it ended with status ${status}; look at the end of its output`;
}
