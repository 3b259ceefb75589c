import { type Command, InvalidArgumentError, Option } from "commander";
import type { Override } from "../job/open-config.ts";

/** Flags that every command with a config shares. */
export interface JobFlags {
  readonly config?: string;
  readonly input?: string;
  readonly output?: string;
  readonly run?: string;
  readonly template?: string;
  readonly concurrency?: number;
  readonly limit?: number;
  readonly seed?: number;
  readonly baseUrl?: string;
  readonly deadline?: string;
  readonly json?: boolean;
}

/** Adds the shared flags to a command. */
export function withJobFlags(command: Command): Command {
  return command
    .argument("[config]", "YAML config; default ./abtie.yaml when it exists")
    .option("-c, --config <file>", "the same as the argument")
    .option("-i, --input <csv>", "rows to judge")
    .option("-o, --output <csv>", "submission to write")
    .option("--run <folder>", "run folder (journal, log, summary)")
    .option("-t, --template <name|file>", "prompt template")
    .option("-j, --concurrency <n>", "requests in flight", integer)
    .option("--limit <n>", "only the first n rows", integer)
    .option("--seed <n>", "seed of everything random", integer)
    .option("--base-url <url>", "attach to this running server (root, /v1 or full endpoint)")
    .option("--deadline <when>", 'hard end: "9h" from now, "18:30", or an ISO date and time')
    .addOption(new Option("--json", "machine-readable result on stdout"));
}

/** Turns environment and flags into overrides of the config, weakest first. */
export function overridesOf(flags: JobFlags, env: Readonly<Record<string, string | undefined>>): readonly Override[] {
  const url = env["OPENAI_BASE_URL"];
  const all: readonly (Override | null)[] = [
    url === undefined || url === "" ? null : { from: "OPENAI_BASE_URL", set: { engine: { attach: url } } },
    given(flags.input, (input) => ({ from: "--input", set: { input } })),
    given(flags.output, (output) => ({ from: "--output", set: { output } })),
    given(flags.run, (run) => ({ from: "--run", set: { run } })),
    given(flags.template, (template) => ({ from: "--template", set: { template } })),
    given(flags.concurrency, (concurrency) => ({ from: "--concurrency", set: { concurrency } })),
    given(flags.limit, (limit) => ({ from: "--limit", set: { limit } })),
    given(flags.seed, (seed) => ({ from: "--seed", set: { seed } })),
    given(flags.baseUrl, (attach) => ({ from: "--base-url", set: { engine: { attach } } })),
    given(flags.deadline, (deadline) => ({ from: "--deadline", set: { time: { deadline } } })),
  ];
  return all.filter((override) => override !== null);
}

function given<T>(value: T | undefined, make: (value: T) => Override): Override | null {
  return value === undefined ? null : make(value);
}

function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("expected a whole number.");
  return Number(text);
}
