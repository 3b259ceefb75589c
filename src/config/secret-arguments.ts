import { Secret } from "../secrets/secret.ts";
import type { Argument } from "./config.ts";

/** The arguments of a server whose secrets are set apart. */
export interface SplitArguments {
  readonly args: readonly Argument[];
  /** Variables that give the server the key that its arguments gave; a list of processes does not show them. */
  readonly env: Readonly<Record<string, string>>;
  /** The key with which the server was to be started; null when its arguments have none. */
  readonly apiKey: Secret | null;
}

/** The flags of vLLM, SGLang and llama.cpp whose value is secret. */
const SECRET_FLAG = /^--(?:api-key|admin-api-key|hf-token|token|[a-z-]*-(?:password|secret))$/;
/** Servers that read their key from the environment too. SGLang reads it from its arguments alone. */
const READS_ENVIRONMENT = /vllm|llama/i;
const READS_ARGUMENTS = /sglang/i;

/**
 * Takes the secrets out of the arguments of a server. The key of a server that can read it from its environment is
 * moved there, because every user of the machine can list the arguments of all processes.
 */
export function splitArguments(command: string, written: readonly string[]): SplitArguments {
  const line = [command, ...written].join(" ");
  const moves = READS_ENVIRONMENT.test(line) && !READS_ARGUMENTS.test(line);
  const args: Argument[] = [];
  let apiKey: Secret | null = null;
  for (let at = 0; at < written.length; at += 1) {
    const [flag = "", ...parts] = (written[at] ?? "").split("=");
    if (!SECRET_FLAG.test(flag)) {
      args.push(written[at] ?? "");
      continue;
    }
    const values = parts.length > 0 ? [parts.join("=")] : valuesAfter(written, at);
    if (parts.length === 0) at += values.length;
    const secrets = values.map((value) => new Secret(value));
    if (flag === "--api-key") apiKey ??= secrets[0] ?? null;
    if (flag === "--api-key" && moves) continue;
    args.push(flag, ...secrets);
  }
  const key = apiKey?.reveal();
  const env = key === undefined || !moves ? {} : { VLLM_API_KEY: key, LLAMA_API_KEY: key };
  return { args, env: { ...env }, apiKey };
}

/** vLLM accepts several keys behind one flag. A placeholder is never a key. */
function valuesAfter(written: readonly string[], flag: number): readonly string[] {
  const rest = written.slice(flag + 1);
  const end = rest.findIndex((value) => value.startsWith("-") || /[{}]/.test(value));
  return end < 0 ? rest : rest.slice(0, end);
}
