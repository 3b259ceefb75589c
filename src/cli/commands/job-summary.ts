import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { AbtieError, messageOf } from "../../errors.ts";
import { appendText } from "../../files/append.ts";
import { refuseOutputs } from "../../runfolder/refuse-outputs.ts";
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
  if (named !== undefined) {
    const path = resolve(cwd, named);
    await refuseOtherContent(path);
    return appendText(path, `${markdown}\n`);
  }
  const file = env["GITHUB_STEP_SUMMARY"] ?? "";
  if (file === "") return;
  await appendText(resolve(cwd, file), `${markdown}\n`).catch((error: unknown) => {
    log("warn", `the summary of the job could not be written: ${messageOf(error)}`);
  });
}

/** A link that ends in .md may lead to a file of data. */
async function refuseOtherContent(path: string): Promise<void> {
  const file = { role: "the summary (--summary)", path, remedy: "choose another path (--summary)" };
  await refuseOutputs({ reads: [], writes: [file] });
  const status = await lstat(path).catch(() => null);
  if (status === null || (!status.isSymbolicLink() && status.nlink === 1)) return;
  throw new AbtieError(
    "config",
    `${file.role} ${path} is a link to another file, which may hold no Markdown: ${file.remedy}`,
  );
}
