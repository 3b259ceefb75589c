import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { type Command, Option } from "commander";
import { AbtieError, messageOf } from "../errors.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { secretsOfEnvironment } from "../secrets/environment.ts";
import type { Log } from "../types.ts";
import type { Context, GivenContext } from "./commands/context.ts";

interface GlobalFlags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly envFile?: string;
}

/**
 * Adds the options that every command has. Returns the context for the commands: once the command line is parsed, it has the
 * variables of --env-file, and says as much as -q and -v ask for. Without them it leaves out messages of the level "debug".
 */
export function withGlobalOptions(
  program: Command,
  given: GivenContext,
  { readFiles, commandLine }: { readonly readFiles: boolean } & Pick<Context, "commandLine">,
): { context: Context; isVerbose: () => boolean } {
  let flags: GlobalFlags = {};
  let { env } = given;
  program
    .addOption(new Option("-q, --quiet", "print no progress and no summary, only results, warnings and errors"))
    .addOption(
      new Option("-v, --verbose", "also print what the engine and the planner do, and the causes of errors").conflicts(
        "quiet",
      ),
    )
    .option("--env-file <file>", "read variables such as OPENAI_API_KEY from a file of lines NAME=VALUE")
    .hook("preAction", async () => {
      flags = program.opts<GlobalFlags>();
      if (flags.envFile === undefined || !readFiles) return;
      env = { ...(await readEnvFile(resolve(given.cwd, flags.envFile))), ...given.env };
      given.redactor.add(secretsOfEnvironment(env));
    });
  const isQuiet = (): boolean => flags.quiet === true;
  const isVerbose = (): boolean => flags.verbose === true;
  const log: Log = (level, text) => {
    if (level === "debug" ? isVerbose() : level !== "info" || !isQuiet()) given.log(level, text);
  };
  const context: Context = {
    ...given,
    get env() {
      return env;
    },
    log,
    commandLine,
    progress: (event) => {
      if (!isQuiet()) given.progress(event);
    },
    note: (text) => {
      if (!isQuiet()) given.note(text);
    },
  };
  return { context, isVerbose };
}

/** Variables that are set already keep their value, as in Node's own --env-file. */
async function readEnvFile(file: string): Promise<NodeJS.Dict<string>> {
  try {
    return parseEnv(await readSmallFile(file));
  } catch (cause) {
    throw new AbtieError(
      "config",
      `--env-file: cannot read ${file} (${messageOf(cause)}): name a file of lines NAME=VALUE`,
      { cause },
    );
  }
}
