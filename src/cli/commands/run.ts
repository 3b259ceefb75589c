import { readBench } from "../../bench/read-bench.ts";
import { runJob } from "../../commands/run.ts";
import { EXIT } from "../../errors.ts";
import { openConfig } from "../../job/open-config.ts";
import type { AddCommand } from "../add-command.ts";
import { type JobFlags, overridesOf, withJobFlags } from "../options.ts";
import { renderSummary } from "../render/summary.ts";

export interface RunFlags extends JobFlags {
  readonly force?: boolean;
  readonly fresh?: boolean;
  readonly bench?: string;
}

/** The exit status of a run: interrupted beats fallback, and a file with any prior is not quite done, however it ended. */
function statusOf({ end, rows }: Awaited<ReturnType<typeof runJob>>): number {
  if (end === "interrupted") return EXIT.interrupted;
  return rows.prior === 0 ? EXIT.done : EXIT.fallback;
}

/** Adds `abtie run`. */
export const addRun: AddCommand = (program, context, finish) => {
  withJobFlags(program.command("run"))
    .summary("score a file and write the submission; run it again to continue")
    .description(
      "Score every row of a CSV and write a submission. A complete fallback file is in place before the first request, " +
        "and is replaced as rows are scored. Started again with the same config, it continues where it stopped.",
    )
    .option("--force", "continue although the config, data, template or model changed since the run began")
    .option("--fresh", "forget what the run folder holds and start again")
    .option("--bench <bench.json>", "begin with as much in flight as abtie bench found best")
    .addHelpText(
      "after",
      `
Examples:
  abtie run job.yaml --deadline 9h
  abtie run job.yaml --limit 100 --run runs/try
  abtie run -i rows.csv --base-url http://127.0.0.1:8000 -o submission.csv --json`,
    )
    .action(async (argument: string | undefined, flags: RunFlags) => {
      const bench = flags.bench === undefined ? [] : [(await readBench(flags.bench, context)).override];
      const overrides = [...bench, ...overridesOf(flags, context.env)];
      const config = await openConfig(flags.config ?? argument ?? null, overrides, context);
      const summary = await runJob(config, { force: flags.force ?? false, fresh: flags.fresh ?? false }, context);
      if (flags.json === true) context.print(`${JSON.stringify(summary, null, 2)}\n`);
      else context.say(renderSummary(summary));
      finish(statusOf(summary));
    });
};
