import { performance } from "node:perf_hooks";
import { InvalidArgumentError } from "commander";
import { type BenchResult, bench } from "../../commands/bench.ts";
import { EXIT } from "../../errors.ts";
import { openConfig } from "../../job/open-config.ts";
import type { AddCommand } from "../add-command.ts";
import { type JobFlags, overridesOf, withJobFlags } from "../options.ts";
import { renderBench } from "../render/bench.ts";

interface BenchFlags extends JobFlags {
  readonly rows?: number;
  readonly sample: number;
}

/** 0 when the job fits, or nothing was asked; 5 when it does not for sure. */
function statusOf({ forecast }: BenchResult): number {
  return forecast.verdict === null || forecast.verdict.fits === "yes" ? EXIT.done : EXIT.fallback;
}

/** Adds `abtie bench`. */
export const addBench: AddCommand = (program, context, finish) => {
  withJobFlags(program.command("bench"))
    .summary("measure the speed and say whether a job fits its time")
    .description(
      "Start the engine as a run does, measure rows of your own file at several numbers of requests in flight, fit the time of " +
        "a row to its length, and foretell the whole job. Writes bench.json and bench.svg into the run folder. " +
        "Exit status 0 when the job fits the deadline, 5 when it does not surely.",
    )
    .option("--rows <n>", "rows of the job; default those of the file", positive)
    .option("--sample <n>", "rows that the time is fitted to", positive, 60)
    .addHelpText(
      "after",
      `
Examples:
  abtie bench job.yaml --rows 25000 --deadline 9h
  abtie bench job.yaml -i sample.csv --rows 25000 --deadline 9h --sample 120 --json
  abtie bench job.yaml -j 16                     only this many requests in flight`,
    )
    .action(async (argument: string | undefined, flags: BenchFlags) => {
      const config = await openConfig(flags.config ?? argument ?? null, overridesOf(flags, context.env), context);
      const busyMs = (): number => performance.eventLoopUtilization().active;
      const result = await bench(config, { rows: flags.rows ?? null, sample: flags.sample, busyMs }, context);
      if (flags.json === true) context.print(`${JSON.stringify(result, null, 2)}\n`);
      else context.say(renderBench(result));
      finish(statusOf(result));
    });
};

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("expected a whole number above 0.");
  return Number(text);
}
