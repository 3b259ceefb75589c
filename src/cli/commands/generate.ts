import { EXIT } from "../../errors.ts";
import { formatCount, plural } from "../../format.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";

interface GenerateFlags {
  readonly output: string;
  readonly deadline?: string;
  readonly json?: boolean;
}

/** Adds `abtie generate`. */
export const addGenerate: AddCommand = (program, context, finish) => {
  program
    .command("generate")
    .summary("let served models write pairs of answers, or scored texts, as rows for a judge, or single answers")
    .description(
      "Asks running servers for two answers to each prompt of a file, for texts of given quality with their scores, or for one answer to each " +
        "prompt or chat, and writes them as JSON Lines. What cannot be used is dropped and counted by reason. The same command continues an interrupted one.",
    )
    .argument("<config>", "YAML file that says what is generated; see docs/guide/make-a-judge.md")
    .requiredOption("-o, --output <file>", "JSON Lines to write; the answers so far are kept in FILE.journal")
    .option(
      "--deadline <when>",
      'time by which no further request is sent: "9h" (from now), "18:30", or an ISO date and time',
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(["abtie generate gen.yaml -o rows.jsonl", "abtie generate gen.yaml -o rows.jsonl --deadline 2h"]),
    )
    .action(async (config: string, flags: GenerateFlags) => {
      const { output, deadline = null, json } = flags;
      const { generate } = await import("../../commands/generate.ts");
      const result = await generate({ config, output, deadline }, context);
      if (json === true) printJson(context, result);
      else {
        const { rows, wanted, answered, dropped, end } = result;
        context.print(
          [
            `written    ${result.output}, ${plural(rows, "row")}`,
            `answered   ${formatCount(answered)} of ${formatCount(wanted)}${end === "done" ? "" : `; ended by the ${end === "deadline" ? "deadline" : "interruption"}: run it again to go on`}`,
            ...Object.entries(dropped).map(([reason, count]) => `dropped    ${formatCount(count)}: ${reason}`),
          ].join("\n"),
        );
      }
      if (result.end === "interrupted") finish(EXIT.interrupted);
    });
};
