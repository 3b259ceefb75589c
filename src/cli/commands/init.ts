import { CLASS_TEXT } from "../../classes.ts";
import type { InitResult } from "../../commands/init.ts";
import { formatPercent, plural, quoteForShell } from "../../format.ts";
import { CLASSES } from "../../types.ts";
import { examples, wrapFields } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";
import { type ConfigSetting, columnsFrom, columnsOption } from "./settings.ts";

interface InitFlags {
  readonly output: string;
  readonly baseUrl?: string;
  readonly deadline?: string;
  readonly set?: readonly ConfigSetting[];
  readonly force?: boolean;
  readonly json?: boolean;
}

/** The config that every command finds without being told. */
const USUAL_CONFIG = "abtie.yaml";

/** Adds `abtie init`. */
export const addInit: AddCommand = (program, context) => {
  program
    .command("init")
    .summary("look at a file with rows, and write a config to start from")
    .description(
      "Finds the columns, labels, turns and language scripts of a file (CSV, JSON Lines, JSON or Parquet, also .gz), prints them," +
        " and writes a config with them.",
    )
    .argument("<rows>", "file with the rows to judge")
    .option("-o, --output <yaml>", "config to write", USUAL_CONFIG)
    .option("--base-url <url>", "use the server that runs at this URL; without it, the small model of `abtie setup`")
    .option(
      "--deadline <when>",
      'time by which a run must end: "9h" (from its start), "18:30", or an ISO date and time',
    )
    .addOption(columnsOption("the rows"))
    .option("--force", "replace an existing config")
    .addOption(jsonOption())
    .addHelpText("after", examples(["abtie init rows.parquet --base-url http://127.0.0.1:8000"]))
    .action(async (rows: string, flags: InitFlags) => {
      const { init } = await import("../../commands/init.ts");
      const { output, baseUrl = null, deadline = null, force = false } = flags;
      const columns = await columnsFrom(flags);
      const result = await init({ input: rows, output, baseUrl, deadline, columns, force }, context);
      if (flags.json === true) printJson(context, result);
      else
        context.print(
          wrapFields(renderInit(result, output === USUAL_CONFIG ? "" : ` ${quoteForShell(output)}`), context.columns),
        );
    });
};

/** `named` is the config behind a command; empty when it is found without. */
function renderInit(
  { input, config, submission, rows, labels, labelColumns, notes, turns, characters, scripts }: InitResult,
  named: string,
): readonly string[] {
  const shares =
    labels === null
      ? "none, which scoring does not need"
      : labels.map((share, index) => `${CLASS_TEXT[CLASSES[index] ?? "tie"]} ${formatPercent(share)}`).join(", ") +
        `${labels.length === 2 ? "; none is a tie" : ""} (${labelColumns.length === 1 ? "column" : "columns"} ${labelColumns.join(", ")})`;
  const written = scripts.slice(0, 4).map(({ script, share }) => `${script} ${formatPercent(share)}`);
  return [
    `rows      ${plural(rows, "row")} in ${input}`,
    ...notes.map((note) => `columns   ${note}`),
    `labels    ${shares}`,
    `turns     ${turns.median} in the middle row, at most ${turns.most}`,
    `length    ${plural(Math.round(characters.median), "character")} in the middle row, ${plural(Math.round(characters.p95), "character")} at the 95th percentile`,
    `script    ${written.join(", ")}`,
    `written   ${config}`,
    "",
    `Next: abtie run${named}, which writes its results to ${submission}; -o names another file.`,
    `Before it: abtie show${named} (one prompt), abtie doctor${named} (all checks).`,
  ];
}
