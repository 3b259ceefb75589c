import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption, type LabelFlags, labelOptionsOf, labelsOption, truthOption } from "./options.ts";
import { columnsOption } from "./settings.ts";

interface ReportFlags extends LabelFlags {
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Adds `abtie report`. */
export const addReport: AddCommand = (program, context) => {
  program
    .command("report")
    .summary("write one self-contained page about a run or a comparison")
    .description(
      "Writes one HTML page about a run or a comparison, and the same content as Markdown. The page loads nothing from the network. " +
        "It shows how the run ended, the distribution of the probabilities, scores for all rows and for parts of them if labels " +
        "are known, where the time went, and the worst rows with their texts.",
    )
    .argument("<run>", "folder of a run or of a comparison")
    .option("-o, --output <html>", "page to write (default: report.html in the run folder)")
    .addOption(labelsOption())
    .addOption(truthOption("run"))
    .addOption(columnsOption("the labelled file"))
    .option("--force", "replace files that no report wrote")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(["abtie report runs/demo", "abtie report runs/job --labels labelled.csv -o report.html"]),
    )
    .action(async (run: string, { output, force, json, ...flags }: ReportFlags) => {
      const { reportRun } = await import("../../commands/report.ts");
      const options = {
        run,
        ...(await labelOptionsOf(flags)),
        output: output ?? null,
        force: force ?? false,
      };
      const files = await reportRun(options, context);
      if (json === true) printJson(context, files);
      else context.print(`${files.html}\n${files.markdown}`);
    });
};
