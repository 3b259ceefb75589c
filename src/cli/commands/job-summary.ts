import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { messageOf } from "../../errors.ts";
import { appendText } from "../../files/append.ts";
import type { Context } from "./context.ts";

/** Creates the option --summary. */
export function summaryOption(): Option {
  return new Option(
    "--summary <md>",
    "append the result as Markdown to this file (default: the file that GITHUB_STEP_SUMMARY names, if it is set)",
  ).argParser((text: string) => {
    // Markdown must not be appended to a data file.
    if (/\.(md|markdown)$/i.test(text)) return text;
    throw new InvalidArgumentError("expected a file whose name ends in .md.");
  });
}

/**
 * Appends Markdown to the file that --summary names, else to that of GITHUB_STEP_SUMMARY, else to none. Throws
 * AbtieError("data") when the file of --summary cannot be written; only warns for that of the environment, because nobody
 * asked for it.
 */
export async function appendJobSummary(
  markdown: string,
  named: string | undefined,
  { cwd, env, log }: Pick<Context, "cwd" | "env" | "log">,
): Promise<void> {
  if (named !== undefined) return appendText(resolve(cwd, named), `${markdown}\n`);
  const file = env["GITHUB_STEP_SUMMARY"] ?? "";
  if (file === "") return;
  await appendText(resolve(cwd, file), `${markdown}\n`).catch((error: unknown) => {
    log("warn", `the summary of the job could not be written: ${messageOf(error)}`);
  });
}
