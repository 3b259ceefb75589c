import { validate } from "../../commands/validate.ts";
import { EXIT } from "../../errors.ts";
import type { AddCommand } from "../add-command.ts";

type Result = Awaited<ReturnType<typeof validate>>;

/** Adds `abtie validate`. */
export const addValidate: AddCommand = (program, context, finish) => {
  program
    .command("validate")
    .summary("apply the grader's checks to a submission")
    .description(
      "Check a submission as the grader does: columns, ids, numbers, sums. Exit status 3 when it would be refused.",
    )
    .argument("<submission>", "CSV to check")
    .requiredOption("-i, --input <csv>", "the rows that it answers")
    .option("--id <column>", "name of the id column")
    .option("--json", "machine-readable result on stdout")
    .addHelpText("after", "\nExample:\n  abtie validate submission.csv -i rows.csv")
    .action(async (submission: string, flags: { input: string; id?: string; json?: boolean }) => {
      const result = await validate({ submission, ...flags }, context);
      if (flags.json === true) context.print(`${JSON.stringify(result, null, 2)}\n`);
      else context.say(renderProblems(result));
      const verdict = result.valid ? "is valid" : "would be refused";
      context.say(`${result.submission} ${verdict}: ${result.rows} rows in the input`);
      finish(result.valid ? EXIT.done : EXIT.data);
    });
};

function renderProblems({ submission, problems }: Result): string {
  return problems
    .flatMap(({ level, remedy, count, findings }) => [
      ...findings.map(({ line, text }) => `${level}: ${submission}${line === null ? "" : `:${line}`}  ${text}`),
      ...(count > findings.length ? [`${level}: and ${count - findings.length} more of this kind`] : []),
      `  ${remedy}`,
    ])
    .join("\n");
}
