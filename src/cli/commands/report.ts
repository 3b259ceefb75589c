import { reportRun } from "../../commands/report.ts";
import type { AddCommand } from "../add-command.ts";
import { type LabelFlags, truthOption } from "./evaluate.ts";

/** Adds `abtie report`. */
export const addReport: AddCommand = (program, context) => {
  program
    .command("report")
    .summary("one self-contained page about a run")
    .description(
      "Write one HTML page about a run, which needs no network, and the same as Markdown beside it: the verdict, the " +
        "judgements, scores and slices where labels are known, where the time went, and the worst rows with their text.",
    )
    .argument("<run>", "folder of a run, or of a comparison")
    .option("-o, --output <html>", "page to write; default report.html in the run folder")
    .option("--labels <csv>", "labelled rows, joined by id; default the run's own input")
    .addOption(truthOption())
    .option("--json", "machine-readable list of the files written")
    .addHelpText(
      "after",
      "\nExamples:\n  abtie report runs/demo\n  abtie report runs/job --labels labelled.csv -o report.html",
    )
    .action(async (run: string, { output, labels, truth, json }: LabelFlags & { readonly output?: string }) => {
      const files = await reportRun(
        { run, labels: labels ?? null, truth: truth ?? null, output: output ?? null },
        context,
      );
      context.print(json === true ? `${JSON.stringify(files, null, 2)}\n` : `${files.html}\n${files.markdown}\n`);
    });
};
