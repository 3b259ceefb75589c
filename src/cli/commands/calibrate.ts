import { InvalidArgumentError } from "commander";
import { AbtieError, EXIT } from "../../errors.ts";
import { examples, helpSection } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption, type LabelFlags, labelOptionsOf, labelsOption, truthOption, wholeNumber } from "./options.ts";
import { columnsOption } from "./settings.ts";

interface CalibrateFlags extends LabelFlags {
  readonly output: string;
  readonly folds: number;
  readonly coverage?: number;
  readonly maxError?: number;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Adds `abtie calibrate`. */
export const addCalibrate: AddCommand = (program, context, finish) => {
  program
    .command("calibrate")
    .summary("fit a calibration to a labelled run, for later runs")
    .description(
      "Fits three calibrations to the log probabilities of a labelled run: a temperature; a temperature and a bias of each class; " +
        "a temperature, a bias of each class and a position bias. Cross-validation, grouped by prompt, decides which one is " +
        "written. A later run applies the file if its config names it as `calibration`. " +
        "If the calibration does not help on rows that it was not fitted to, no file is written and the exit status is 3. " +
        "For a run with two judges (`judges` in the config), the file says how their answers are combined, and what each further answer brings.",
    )
    .argument("<run>", "folder of a run")
    .addOption(labelsOption())
    .addOption(truthOption("run"))
    .addOption(columnsOption("the labelled file"))
    .option("-o, --output <file>", "calibration file to write", "calibration.json")
    .option("--folds <n>", "number of parts in the cross-validation", wholeNumber(2), 10)
    .option(
      "--coverage <share>",
      "also fit sets of verdicts that hold the true class for this share of the rows of each class (with --max-error alone: 0.9)",
      shareBelow1,
    )
    .option(
      "--max-error <share>",
      "also fit a threshold below which a verdict is not accepted, so that at most this share of the others is wrong (with --coverage alone: 0.1)",
      shareBelow1,
    )
    .option("--force", "replace the output if it exists and is no calibration")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie calibrate runs/pilot -o calibration.json",
        "abtie calibrate runs/pilot --labels labelled.csv --truth votes --json",
        ["abtie calibrate runs/pilot --coverage 0.9 --max-error 0.1", "for output.columns: [set, abstain]"],
      ]),
    )
    .addHelpText(
      "after",
      helpSection("Then add this line to the config of a run with the same template:", [
        ["calibration: calibration.json", ""],
      ]),
    )
    .action(async (run: string, { json, output, folds, coverage, maxError, force, ...flags }: CalibrateFlags) => {
      const { calibrateJudges, judgesOfRun } = await import("../../commands/calibrate-judges.ts");
      if ((await judgesOfRun(run, context)) !== null) {
        refuseVerdicts(coverage ?? maxError);
        const { renderJudges } = await import("../render/judges.ts");
        const result = await calibrateJudges(
          { run, ...(await labelOptionsOf(flags)), output, folds, force: force ?? false },
          context,
        );
        if (json === true) printJson(context, result);
        else context.print(renderJudges(result, context.columns));
        return conclude(result);
      }
      const { calibrateRun } = await import("../../commands/calibrate.ts");
      const { renderCalibration } = await import("../render/calibration.ts");
      const verdicts =
        coverage === undefined && maxError === undefined
          ? null
          : { coverage: coverage ?? 0.9, maxError: maxError ?? 0.1 };
      const options = { run, ...(await labelOptionsOf(flags)), output, folds, verdicts, force: force ?? false };
      const result = await calibrateRun(options, context);
      if (json === true) printJson(context, result);
      else context.print(renderCalibration(result, context.columns));
      if (result.warning !== null) context.log("warn", result.warning);
      conclude(result);
    });
  const conclude = ({ refusal, file }: { readonly refusal: string | null; readonly file: string | null }): void => {
    if (refusal !== null) context.printToStderr(`abtie: no file was written: ${refusal}`);
    else context.note(`calibration written: ${file}`);
    finish(refusal === null ? EXIT.done : EXIT.data);
  };
};

/** Rules for sets of verdicts are fitted to the readings of one judge. */
function refuseVerdicts(asked: number | undefined): void {
  if (asked === undefined) return;
  throw new AbtieError(
    "config",
    "--coverage and --max-error are for a run with one judge: leave them out, or name the run folder of one of the two judges",
  );
}

function shareBelow1(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("expected a share above 0 and below 1, such as 0.9.");
}
