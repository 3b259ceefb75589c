import { EXIT } from "../../errors.ts";
import { examples, helpSection } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption, type LabelFlags, labelOptionsOf, labelsOption, truthOption, wholeNumber } from "./options.ts";
import { columnsOption } from "./settings.ts";

interface CalibrateFlags extends LabelFlags {
  readonly output: string;
  readonly folds: number;
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
        "If the calibration does not help on rows that it was not fitted to, no file is written and the exit status is 3.",
    )
    .argument("<run>", "folder of a run")
    .addOption(labelsOption())
    .addOption(truthOption("run"))
    .addOption(columnsOption("the labelled file"))
    .option("-o, --output <file>", "calibration file to write", "calibration.json")
    .option("--folds <n>", "number of parts in the cross-validation", wholeNumber(2), 10)
    .option("--force", "replace the output if it exists and is no calibration")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie calibrate runs/pilot -o calibration.json",
        "abtie calibrate runs/pilot --labels labelled.csv --truth votes --json",
      ]),
    )
    .addHelpText(
      "after",
      helpSection("Then add this line to the config of a run with the same template:", [
        ["calibration: calibration.json", ""],
      ]),
    )
    .action(async (run: string, { json, output, folds, force, ...flags }: CalibrateFlags) => {
      const { calibrateRun } = await import("../../commands/calibrate.ts");
      const { renderCalibration } = await import("../render/calibration.ts");
      const options = { run, ...(await labelOptionsOf(flags)), output, folds, force: force ?? false };
      const result = await calibrateRun(options, context);
      if (json === true) printJson(context, result);
      else context.print(renderCalibration(result));
      if (result.warning !== null) context.log("warn", result.warning);
      if (result.refusal !== null) context.printToStderr(`abtie: no file was written: ${result.refusal}`);
      else context.note(`calibration written: ${result.file}`);
      finish(result.refusal === null ? EXIT.done : EXIT.data);
    });
};
