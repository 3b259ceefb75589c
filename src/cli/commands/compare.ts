import { InvalidArgumentError } from "commander";
import { compareVariants } from "../../commands/compare.ts";
import type { Comparison } from "../../compare/conclude.ts";
import { detailsOf } from "../../compare/details.ts";
import { EXIT } from "../../errors.ts";
import type { AddCommand } from "../add-command.ts";
import { type JobFlags, overridesOf } from "../options.ts";
import { renderComparisonTable } from "../render/comparison.ts";
import { truthOption } from "./evaluate.ts";

interface CompareFlags extends Omit<JobFlags, "template" | "deadline" | "output"> {
  readonly template?: readonly string[];
  readonly truth?: "labels" | "votes";
  readonly earlyStop?: boolean;
  readonly margin?: number;
  readonly rows: number;
  readonly deadline?: string;
  readonly force?: boolean;
  readonly fresh?: boolean;
}

/** Adds `abtie compare`. */
export const addCompare: AddCommand = (program, context, finish) => {
  program
    .command("compare")
    .summary("which template is better, on labelled rows")
    .description(
      "Score the same labelled rows with each variant of a judge, row by row, and say which is better, by how much, with " +
        "which certainty, and what it costs. A variant is a template, or what `variants` in the config says: any part of the " +
        "judge. Each is an ordinary run in RUN/NAME; comparison.json, .html and .md are in RUN. Started again it continues.",
    )
    .argument("[config]", "YAML config; default ./abtie.yaml when it exists")
    .option("-c, --config <file>", "the same as the argument")
    .option("-t, --template <name|file>", "a template to compare; give two or more", collect)
    .option("-i, --input <csv>", "labelled rows")
    .addOption(truthOption())
    .option("--run <folder>", "folder of the comparison")
    .option("--early-stop", "end as soon as one variant is shown to be the best; the answer stays valid")
    .option("--margin <nats>", "with --early-stop: smaller differences count as none", nats)
    .option("--rows <n>", "rows of the job that hours are computed for", integer, 25_000)
    .option("--deadline <duration>", 'time that this job may take, such as "9h"; default the config\'s')
    .option("-j, --concurrency <n>", "requests in flight", integer)
    .option("--limit <n>", "only the first n rows", integer)
    .option("--seed <n>", "seed of everything random", integer)
    .option("--base-url <url>", "attach to this running server (root, /v1 or full endpoint)")
    .option("--force", "continue although the config, data, template or model changed")
    .option("--fresh", "forget what the run folders hold and start again")
    .option("--json", "machine-readable result on stdout")
    .addHelpText(
      "after",
      `
Examples:
  abtie compare job.yaml --template rules --template prompts/mine.jinja -i labelled.csv
  abtie compare job.yaml --early-stop --margin 0.01 --rows 25000 --deadline 9h
where job.yaml has
  variants:                                  # any part of the judge
    plain: {}                                # the config as it is
    both: {orders: both}
    short: {context: 700}
    words: {labels: {a: " first", b: " second", tie: " equal"}}
    large: {engine: {attach: "http://127.0.0.1:8001", tokenizer: /models/large}}`,
    )
    .action(async (argument: string | undefined, flags: CompareFlags) => {
      const { template, rows, deadline, truth, ...others } = flags;
      const truthOverride = truth === undefined ? [] : [{ from: "--truth", set: { truth } }];
      const comparison = await compareVariants(
        {
          file: flags.config ?? argument ?? null,
          templates: template ?? [],
          environment: overridesOf({}, context.env),
          flags: [...overridesOf(others, {}), ...truthOverride],
          ...{ earlyStop: flags.earlyStop ?? false, margin: flags.margin ?? null, rows, deadline: deadline ?? null },
          ...{ force: flags.force ?? false, fresh: flags.fresh ?? false },
        },
        context,
      );
      if (flags.json === true) context.print(`${JSON.stringify(detailsOf(comparison), null, 2)}\n`);
      else context.print(`${renderComparisonTable(comparison)}\n`);
      for (const warning of comparison.report.warnings) context.log("warn", warning);
      context.say(`report: ${comparison.files.html}`);
      finish(statusOf(comparison));
    });
};

function statusOf({ end, failedRows }: Comparison): number {
  switch (end) {
    case "interrupted":
      return EXIT.interrupted;
    case "engine-lost":
      return EXIT.fallback;
    case "done":
    case "decided":
      return failedRows > 0 ? EXIT.fallback : EXIT.done;
    default:
      return end satisfies never;
  }
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function integer(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) === 0) throw new InvalidArgumentError("expected a whole number above 0.");
  return Number(text);
}

function nats(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("expected nats between 0 and 1, such as 0.01.");
  return value;
}
