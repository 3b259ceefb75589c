import { Option } from "commander";
import type { ValidateOptions, ValidateResult } from "../../commands/validate.ts";
import { EXIT } from "../../errors.ts";
import { plural } from "../../format.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";
import { type ConfigSetting, columnsFrom, columnsOption } from "./settings.ts";

interface ValidateFlags {
  readonly input: string;
  readonly id?: string;
  readonly format?: NonNullable<ValidateOptions["format"]>;
  readonly set?: readonly ConfigSetting[];
  readonly json?: boolean;
}

/** Adds `abtie validate`. */
export const addValidate: AddCommand = (program, context, finish) => {
  program
    .command("validate")
    .summary("check the columns, ids, numbers and sums of a submission")
    .description(
      "Checks the columns, ids, numbers and sums of a submission, as the program that grades it does. Exits with 3 if it is invalid.",
    )
    .argument("<submission>", "CSV to check; or a file with more columns: wide CSV, JSON Lines or Parquet")
    .requiredOption("-i, --input <file>", "file with the rows that the submission answers")
    .option("--id <column>", "name of the id column of both files (default: as in the rows, or id)")
    .addOption(columnsOption("the rows"))
    .addOption(
      new Option(
        "--format <format>",
        "only a submission may have no further columns (default: submission for CSV, by their content for JSON Lines and Parquet)",
      ).choices(["submission", "wide", "jsonl", "parquet"]),
    )
    .addOption(jsonOption())
    .addHelpText("after", examples(["abtie validate submission.csv -i rows.csv"]))
    .action(async (submission: string, { json, set = [], ...flags }: ValidateFlags) => {
      const { validate } = await import("../../commands/validate.ts");
      const result = await validate({ submission, ...flags, columns: await columnsFrom({ set }) }, context);
      if (json === true) printJson(context, result);
      else if (result.problems.length > 0) context.printToStderr(renderProblems(result));
      const verdict = result.valid ? "is valid" : "would be refused";
      const say = result.valid ? context.note : context.printToStderr;
      say(`${result.submission} ${verdict}: ${plural(result.rows, "row")} in the input`);
      if (result.idHint !== null) context.printToStderr(result.idHint);
      finish(result.valid ? EXIT.done : EXIT.data);
    });
};

function renderProblems({ submission, problems }: ValidateResult): string {
  return problems
    .flatMap(({ level, remedy, count, findings }) => [
      ...findings.map(({ line, text }) => `${level}: ${submission}${line === null ? "" : `:${line}`}  ${text}`),
      ...(count > findings.length ? [`${level}: and ${count - findings.length} more of this kind`] : []),
      `  ${remedy}`,
    ])
    .join("\n");
}
