import { performance } from "node:perf_hooks";
import type { BenchResult } from "../../bench/bench-file.ts";
import { EXIT } from "../../errors.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import {
  type ConfigFlags,
  jsonOption,
  judgeOption,
  openJudgeConfig,
  WITHOUT_OUTPUT,
  wholeNumber,
  withConfigFlags,
} from "./options.ts";

interface BenchFlags extends ConfigFlags {
  readonly rows?: number;
  readonly sample: number;
  readonly force?: boolean;
  readonly judge?: string;
  readonly json?: boolean;
}

/** Adds `abtie bench`. */
export const addBench: AddCommand = (program, context, finish) => {
  const command = program
    .command("bench")
    .summary("measure the speed and forecast whether a job fits its deadline")
    .description(
      "Starts the engine as `run` does, scores samples of your rows, each with a different number of requests in flight, models the time " +
        "of a row by its length, and forecasts the time of the whole job. Writes bench.json and bench.svg into the run folder. " +
        "Exits with 0 if the job will meet its deadline or has none, with 5 if it may miss it.",
    )
    .option("--rows <n>", "number of rows in the whole job (default: as many as the input has)", wholeNumber(1))
    .option("--sample <n>", "number of rows that are scored to measure the time", wholeNumber(1), 60)
    .option("--force", "go on although the labels get almost no probability")
    .addOption(judgeOption())
    .addOption(jsonOption());
  withConfigFlags(command, WITHOUT_OUTPUT)
    .addHelpText(
      "after",
      examples([
        "abtie bench job.yaml --rows 25000 --deadline 9h",
        "abtie bench job.yaml -i sample.csv --rows 25000 --deadline 9h --sample 120 --json",
        ["abtie bench job.yaml -j 16", "measure with 16 requests in flight only"],
      ]),
    )
    .action(async (argument: string | undefined, flags: BenchFlags) => {
      const { bench } = await import("../../commands/bench.ts");
      const { renderBench } = await import("../render/bench.ts");
      const config = await openJudgeConfig(argument, flags, context);
      const busyMs = (): number => performance.eventLoopUtilization().active;
      const result = await bench(
        config,
        { rows: flags.rows ?? null, sample: flags.sample, force: flags.force ?? false, busyMs },
        context,
      );
      if (flags.json === true) printJson(context, result);
      else context.printToStderr(renderBench(result, context.columns));
      finish(statusOf(result));
    });
};

function statusOf({ forecast }: BenchResult): number {
  return forecast.verdict === null || forecast.verdict.fits === "yes" ? EXIT.done : EXIT.fallback;
}
