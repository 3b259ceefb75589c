import { type Command, InvalidArgumentError, Option } from "commander";
import type { Config } from "../../config/config.ts";
import type { JudgeChoice } from "../../config/judges.ts";
import { AbtieError } from "../../errors.ts";
import type { LabelOptions } from "../../evaluate/labelled.ts";
import type { Override } from "../../job/open-config.ts";
import type { Context } from "./context.ts";
import { addSetting, type ColumnFlags, type ConfigSetting, columnsFrom, setKeys } from "./settings.ts";

/** The flags that replace keys of the config, as commander returns them. */
export interface ConfigFlags {
  readonly config?: string;
  readonly input?: string;
  readonly output?: string;
  readonly run?: string;
  readonly template?: string;
  readonly concurrency?: number;
  readonly limit?: number;
  readonly shard?: string;
  readonly seed?: number;
  readonly baseUrl?: string;
  readonly apiKeyEnv?: string;
  readonly model?: string;
  readonly tokenizer?: string;
  readonly context?: number;
  readonly orders?: string;
  readonly prior?: readonly number[];
  readonly deadline?: string;
  readonly set?: readonly ConfigSetting[];
}

/** The names of the flags that replace keys of the config. */
export type ConfigFlag = Exclude<keyof ConfigFlags, "config" | "apiKeyEnv">;

/** For each flag, its syntax, its help text, and the part of a config that it replaces. */
const CONFIG_FLAGS: { readonly [F in ConfigFlag]: ConfigFlagSpec<NonNullable<ConfigFlags[F]>> } = {
  input: {
    flags: "-i, --input <file>",
    help: "rows to judge: CSV, JSON Lines, JSON or Parquet, also .gz; - for standard input",
    set: (input) => ({ input }),
  },
  output: {
    flags: "-o, --output <file>",
    help: "submission to write: .csv, or with more columns .jsonl or .parquet (default: the one of the config; with --run, --limit or --shard, submission.csv in the run folder)",
    set: (file) => ({ output: { file } }),
  },
  run: {
    flags: "--run <folder>",
    help: "run folder: the answers so far, the server log and the summary",
    set: (run) => ({ run }),
  },
  template: { flags: "-t, --template <name|file>", help: "prompt template", set: (template) => ({ template }) },
  concurrency: {
    flags: "-j, --concurrency <n>",
    help: "number of requests in flight (default: adjusted to the speed of the engine)",
    parse: wholeNumber(1),
    set: (concurrency) => ({ concurrency }),
  },
  limit: {
    flags: "--limit <n>",
    help: "judge only the first n rows",
    parse: wholeNumber(1),
    set: (limit) => ({ limit }),
  },
  shard: {
    flags: "--shard <i/n|auto>",
    help: 'judge only shard i of n, in a run folder of its own; "auto": as Slurm or Kubernetes counts this process',
    set: (shard) => ({ shard }),
  },
  seed: { flags: "--seed <n>", help: "seed of all random choices", parse: wholeNumber(0), set: (seed) => ({ seed }) },
  baseUrl: {
    flags: "--base-url <url>",
    help: "use the server that runs at this URL, with or without /v1; sets engine.attach",
    set: (attach) => ({ engine: { attach } }),
  },
  model: {
    flags: "--model <name|folder>",
    help: "the model: its folder, or with --base-url its name on the server; sets engine.model",
    set: (model) => ({ engine: { model } }),
  },
  tokenizer: {
    flags: "--tokenizer <folder|server>",
    help: 'folder with the model\'s tokenizer.json; "server": the server tokenises; sets engine.tokenizer',
    set: (tokenizer) => ({ engine: { tokenizer: tokenizer === "server" ? false : tokenizer } }),
  },
  context: {
    flags: "--context <n>",
    help: "most prompt tokens of a row",
    parse: wholeNumber(64),
    set: (context) => ({ context }),
  },
  orders: {
    flags: "--orders <one|both|auto>",
    help: "score one order of the answers, both, or both where it helps and time is left",
    set: (orders) => ({ orders: orders as "one" | "both" | "auto" }),
  },
  prior: {
    flags: "--prior <a,b[,tie]>",
    help: "class prior for rows that cannot be scored, for example 0.35,0.35,0.3; two numbers for a template without a tie",
    parse: shares,
    set: ([a = 0, b = 0, tie]) => ({ prior: tie === undefined ? [a, b] : [a, b, tie] }),
  },
  deadline: {
    flags: "--deadline <when>",
    help: 'time by which the run must end: "9h" (from now), "18:30", or an ISO date and time',
    set: (deadline) => ({ time: { deadline } }),
  },
  set: {
    flags: "--set <key=value>",
    help: "any other key of the config, for example --set time.reserve=10m; may be repeated",
    parse: addSetting,
    set: setKeys,
  },
};

interface ConfigFlagSpec<T> {
  readonly flags: string;
  readonly help: string;
  readonly parse?: (text: string, earlier: T | undefined) => T;
  readonly set: (value: T) => Override["set"];
}

/** The flags of a command that writes no submission. */
export const WITHOUT_OUTPUT: readonly ConfigFlag[] = (Object.keys(CONFIG_FLAGS) as readonly ConfigFlag[]).filter(
  (name) => name !== "output",
);

/**
 * Adds the config argument and the flags that replace keys of the config. Call this after adding the command's own
 * options, so that these come first in its help.
 */
export function withConfigFlags(command: Command, names = Object.keys(CONFIG_FLAGS) as readonly ConfigFlag[]): Command {
  command
    .argument("[config]", "YAML config (default: ./abtie.yaml if it exists)")
    .option("-c, --config <file>", "the config, instead of the argument")
    .optionsGroup("Options that override the config:");
  for (const name of names) {
    const { flags, help, parse } = CONFIG_FLAGS[name];
    const option = new Option(flags, help);
    command.addOption(
      parse === undefined ? option : option.argParser(parse as (text: string, earlier: unknown) => unknown),
    );
    if (name === "baseUrl") {
      command.option("--api-key-env <name>", "variable with the key of the server (default: OPENAI_API_KEY)");
    }
  }
  return command;
}

/**
 * Turns environment variables and flags into overrides of the config. Each override has precedence over those before
 * it.
 */
export function overridesOf(flags: ConfigFlags, env: Context["env"]): readonly Override[] {
  const url = env["OPENAI_BASE_URL"];
  const fromEnv: readonly Override[] =
    url === undefined || url === ""
      ? []
      : [{ from: "OPENAI_BASE_URL", set: { engine: { attach: url } }, yields: true }];
  const names = Object.keys(CONFIG_FLAGS) as readonly ConfigFlag[];
  return [...fromEnv, ...names.flatMap((name) => overrideOf(name, flags))];
}

function overrideOf<F extends ConfigFlag>(name: F, flags: ConfigFlags): readonly Override[] {
  const value = flags[name];
  if (value === undefined) return [];
  const { flags: written, set } = CONFIG_FLAGS[name];
  return [{ from: /--[a-z-]+/.exec(written)?.[0] ?? name, set: set(value as NonNullable<ConfigFlags[F]>) }];
}

/**
 * Loads the config of a command. The environment and the flags replace keys of the config; the overrides in `weakest`
 * are applied before both; `choice` asks for one of two judges.
 */
export async function openJobConfig(
  argument: string | undefined,
  flags: ConfigFlags,
  context: Context,
  weakest: readonly Override[] = [],
  choice?: JudgeChoice,
): Promise<Config> {
  const file = configFileOf(argument, flags);
  const { openConfig } = await import("../../job/open-config.ts");
  const overrides = [...weakest, ...overridesOf(flags, context.env)];
  context.log(
    "debug",
    `config: ${[file ?? "./abtie.yaml if it exists", ...overrides.map(({ from }) => from)].join(", ")}`,
  );
  return openConfig(file, overrides, withKey(context, flags), { choice });
}

/** Creates the option --judge of a command that works with one judge. */
export function judgeOption(): Option {
  return new Option("--judge <name>", "of a config with two judges, the one to take (default: the first)");
}

/** Loads the config of one judge, as openJobConfig does, and says which of two it is when no flag does. */
export async function openJudgeConfig(
  argument: string | undefined,
  flags: ConfigFlags & { readonly judge?: string },
  context: Context,
): Promise<Config> {
  return openJobConfig(argument, flags, context, [], {
    name: flags.judge ?? null,
    onChosen: (taken, other) => {
      if (flags.judge !== undefined) return;
      context.log("info", `this is the first of two judges, ${taken}; for the other: --judge ${other}`);
    },
  });
}

/**
 * Gives the context the key from the variable that --api-key-env names. The key itself is no flag, because every user of the
 * machine can list the command lines of all processes. Throws AbtieError("config") when the variable is not set.
 */
export function withKey(context: Context, { apiKeyEnv: name }: Pick<ConfigFlags, "apiKeyEnv">): Context {
  if (name === undefined) return context;
  const key = context.env[name];
  if (key !== undefined && key !== "") return { ...context, env: { ...context.env, OPENAI_API_KEY: key } };
  throw new AbtieError(
    "config",
    `--api-key-env: expected the name of a variable that holds the key, but ${name} is not set: export it, or name the file that sets it with --env-file.`,
  );
}

/**
 * Gives the config file that a command line names, as its argument or with -c; null when it names none. Throws
 * AbtieError("config") when it names two.
 */
export function configFileOf(argument: string | undefined, { config }: Pick<ConfigFlags, "config">): string | null {
  if (argument !== undefined && config !== undefined && argument !== config) {
    throw new AbtieError("config", `two configs are named: ${argument} and -c ${config}; name one of them.`);
  }
  return config ?? argument ?? null;
}

/** The flags that name the file with the labels, its columns, and the source of the truth. */
export interface LabelFlags extends ColumnFlags {
  readonly labels?: string;
  readonly truth?: "labels" | "votes";
}

/** Creates the option --labels. */
export function labelsOption(): Option {
  return new Option(
    "--labels <file>",
    "file with ids and labels, joined by id; it needs no texts (default: the input of the run)",
  );
}

/**
 * Creates the option --truth. Without this flag, the source of the truth is the one in the run or in the config;
 * `usual` names which of the two.
 */
export function truthOption(usual: "run" | "config"): Option {
  const help = `what is true for a row: "labels" is the class in the label columns, "votes" the share of its votes that each class got (default: as in the ${usual})`;
  return new Option("--truth <source>", help).choices(["labels", "votes"]);
}

/** Turns the flags about labels into options of a command. */
export async function labelOptionsOf({ labels, truth, set }: LabelFlags): Promise<LabelOptions> {
  return { labels: labels ?? null, truth: truth ?? null, columns: await columnsFrom(set === undefined ? {} : { set }) };
}

/** Creates the option --json. */
export function jsonOption(): Option {
  return new Option("--json", "print the result as JSON on stdout");
}

function shares(text: string): readonly number[] {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if ([2, 3].includes(numbers.length) && numbers.every((number) => number >= 0 && number <= 1)) return numbers;
  throw new InvalidArgumentError(
    "expected three numbers from 0 to 1 with commas, for example 0.35,0.35,0.3; two for a template without a tie.",
  );
}

/** Creates a parser that accepts only whole numbers of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least) return value;
    throw new InvalidArgumentError(`expected a whole number${least === 0 ? "" : ` of at least ${least}`}.`);
  };
}

/** Reads a finite number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a number above 0.");
}
