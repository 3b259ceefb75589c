import type { DryRun } from "../../commands/dry-run.ts";
import { EXIT } from "../../errors.ts";
import type { RunSummary } from "../../job/summary.ts";
import { examples } from "../render/help-text.ts";
import type { PlanSpeed } from "../render/plan.ts";
import { type AddCommand, type Context, printJson } from "./context.ts";
import { type ConfigFlags, jsonOption, openJobConfig, withConfigFlags } from "./options.ts";
import { planSpeed } from "./plan-speed.ts";

interface RunFlags extends ConfigFlags {
  readonly force?: boolean;
  readonly fresh?: boolean;
  readonly dryRun?: boolean;
  readonly bench?: string;
  readonly json?: boolean;
}

/** Adds `abtie run`. */
export const addRun: AddCommand = (program, context, finish) => {
  const command = program
    .command("run")
    .summary("score the rows of a file and write the submission; the same command continues an interrupted run")
    .description(
      "Scores every row of a file and writes the submission, a CSV. Before the first request is sent, abtie writes a complete submission with " +
        "fallback probabilities. While rows are scored, newer versions replace the file. The same command continues an interrupted run.",
    )
    .option(
      "--force",
      "continue although the config, data, template or model has changed since the run began, or although the labels get almost no probability; replace an output that this run did not write",
    )
    .option("--fresh", "discard the contents of the run folder and start again")
    .option("--dry-run", "do everything but scoring: check all, print the plan, write nothing and start no server")
    .option(
      "--bench <bench.json>",
      "start with the best number of requests in flight according to this file, which `abtie bench` wrote",
    )
    .addOption(jsonOption());
  withConfigFlags(command)
    .addHelpText(
      "after",
      examples([
        "abtie run job.yaml --deadline 9h",
        "abtie run job.yaml --limit 100 --run runs/try",
        "abtie run -i rows.csv --base-url http://127.0.0.1:8000 -o submission.csv --json",
      ]),
    )
    .action(async (argument: string | undefined, flags: RunFlags) => {
      const { runJob } = await import("../../commands/run.ts");
      const { readBench } = await import("../../bench/bench-file.ts");
      const { renderFailure, renderSummary } = await import("../render/summary.ts");
      const bench = flags.bench === undefined ? null : await readBench(flags.bench, context);
      const config = await openJobConfig(argument, flags, context, bench === null ? [] : [bench.override]);
      const options = { force: flags.force ?? false, fresh: flags.fresh ?? false };
      const speed = bench === null ? {} : { tokensPerSecond: bench.tokensPerSecond, benchFile: bench.file };
      if (flags.dryRun === true) {
        const { dryRun } = await import("../../commands/dry-run.ts");
        const { said, ...measured } = await planSpeed(config, { bench });
        return printDryRun(await dryRun(config, { ...options, ...measured }, context), said, flags, context);
      }
      const summary = await runJob(config, { ...options, ...speed }, context);
      if (flags.json === true) printJson(context, summary);
      else context.note(renderSummary(summary, context.commandLine()));
      if (summary.failure !== null) context.printToStderr(renderFailure(summary.failure));
      finish(statusOf(summary));
    });
};

async function printDryRun(result: DryRun, speed: PlanSpeed, { json }: RunFlags, context: Context): Promise<void> {
  if (json === true) return printJson(context, result);
  const { renderDryRun } = await import("../render/plan.ts");
  context.print(renderDryRun(result, speed));
}

/**
 * The exit status of an interruption or of a failure has precedence over that of rows with the prior. A run with any row that has
 * the prior is not done, however it ended.
 */
function statusOf({ end, failure, rows }: RunSummary): number {
  if (failure !== null) return EXIT.engine;
  if (end === "interrupted") return EXIT.interrupted;
  return rows.prior === 0 ? EXIT.done : EXIT.fallback;
}
