import { InvalidArgumentError } from "commander";
import { calibrateRun } from "../../commands/calibrate.ts";
import { EXIT } from "../../errors.ts";
import type { AddCommand } from "../add-command.ts";
import { renderCalibration } from "../render/calibration.ts";
import { type LabelFlags, truthOption } from "./evaluate.ts";

interface CalibrateFlags extends LabelFlags {
  readonly output: string;
  readonly folds: number;
}

/** Adds `abtie calibrate`. */
export const addCalibrate: AddCommand = (program, context, finish) => {
  program
    .command("calibrate")
    .summary("fit a calibration to a labelled run, for later runs")
    .description(
      "Fit temperature, class bias and position bias to the readings of a labelled run, choose among them by " +
        "cross-validation over prompts, and write the calibration that `run` applies through `calibration` in its config. " +
        "Exit status 3, and no file, when it does not help on rows that it was not fitted to.",
    )
    .argument("<run>", "folder of a run")
    .option("--labels <csv>", "labelled rows, joined by id; default the run's own input")
    .addOption(truthOption())
    .option("-o, --output <file>", "calibration to write", "calibration.json")
    .option("--folds <n>", "parts of the cross-validation", folds, 10)
    .option("--json", "machine-readable result")
    .addHelpText(
      "after",
      `
Examples:
  abtie calibrate runs/pilot -o calibration.json
  abtie calibrate runs/pilot --labels labelled.csv --truth votes --json
and then in the config of a run with the same template: calibration: calibration.json`,
    )
    .action(async (run: string, { labels, truth, json, ...flags }: CalibrateFlags) => {
      const result = await calibrateRun({ run, labels: labels ?? null, truth: truth ?? null, ...flags }, context);
      context.print(json === true ? `${JSON.stringify(result, null, 2)}\n` : `${renderCalibration(result)}\n`);
      if (result.warning !== null) context.log("warn", result.warning);
      if (result.refusal !== null) context.say(`abtie: no file was written: ${result.refusal}`);
      else context.say(`calibration written: ${result.file}`);
      finish(result.refusal === null ? EXIT.done : EXIT.data);
    });
};

function folds(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 2) throw new InvalidArgumentError("expected a whole number of at least 2.");
  return Number(text);
}
