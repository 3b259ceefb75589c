import type { JoinSummary } from "../../commands/join.ts";
import { EXIT } from "../../errors.ts";
import { count, counted, massText } from "../../report/text/number.ts";
import { examples } from "../render/help-text.ts";
import { terminalText } from "../render/table.ts";
import { type AddCommand, printJson } from "./context.ts";
import {
  type ConfigFlag,
  type ConfigFlags,
  jsonOption,
  openJobConfig,
  wholeNumber,
  withConfigFlags,
} from "./options.ts";

interface JoinFlags extends ConfigFlags {
  readonly of?: number;
  readonly partial?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** The settings that a join applies anew, or by which it finds the shards. */
const FLAGS: readonly ConfigFlag[] = [
  "input",
  "output",
  "run",
  "template",
  "limit",
  "baseUrl",
  "model",
  "prior",
  "set",
];

/** Adds `abtie join`. */
export const addJoin: AddCommand = (program, context, finish) => {
  const command = program
    .command("join")
    .summary("make one submission of the shards that `run --shard` scored")
    .description(
      "Makes one submission and one run folder of the shards of a job, whatever machines scored them. The rows come in the order of the input. " +
        "A calibration of the config is applied to all of them. Refuses shards of other rows, templates, models or settings, and names missing ones.",
    )
    .option("--of <n>", "the number of shards, when the run folder holds several divisions", wholeNumber(1))
    .option("--partial", "join although shards are missing; their rows hold the fallback")
    .option("--force", "replace an output that no join of this job wrote")
    .addOption(jsonOption());
  withConfigFlags(command, FLAGS)
    .addHelpText(
      "after",
      examples([
        "abtie join job.yaml",
        ["abtie join job.yaml --partial -o submission.csv", "also while shards are missing"],
      ]),
    )
    .action(async (argument: string | undefined, flags: JoinFlags) => {
      const { joinShards } = await import("../../commands/join.ts");
      // The config of the shards may name one, or "auto", which only a task of the scheduler knows.
      const config = await openJobConfig(argument, flags, context, [{ from: "join", set: {}, without: "shard" }]);
      const { of = null, partial = false, force = false } = flags;
      const summary = await joinShards(config, { of, partial, force }, context);
      if (flags.json === true) printJson(context, summary);
      else context.printToStderr(renderJoin(summary));
      finish(summary.rows.prior === 0 ? EXIT.done : EXIT.fallback);
    });
};

function renderJoin({ shards, rows, reasons, labelMass, files }: JoinSummary): string {
  const lines = [
    `joined: ${count(rows.total - rows.prior)} of ${counted(rows.total, "row")} scored, ${count(shards.count - shards.missing.length)} of ${counted(shards.count, "shard")}`,
    ...Object.entries(reasons).map(([reason, n]) => `  fallback for ${counted(n, "row")}: ${reason}`),
    ...(labelMass === null
      ? []
      : [`label mass   median ${massText(labelMass.median)}, 5th percentile ${massText(labelMass.p5)}`]),
    `submission   ${files.submission}`,
    `rows         ${files.rows}`,
    `run folder   ${files.runFolder}`,
  ];
  return terminalText(lines.join("\n"));
}
