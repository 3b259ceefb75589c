import { InvalidArgumentError } from "commander";
import type { ComparisonResult } from "../../commands/compare.ts";
import { CONDITION_LIST, type FailIf, parseFailIf } from "../../compare/fail-if.ts";
import type { RaceBudget } from "../../compare/race.ts";
import { AbtieError, EXIT } from "../../errors.ts";
import { parseDuration } from "../../format.ts";
import { examples, helpSection } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { appendJobSummary, summaryOption } from "./job-summary.ts";
import {
  type ConfigFlags,
  configFileOf,
  jsonOption,
  overridesOf,
  truthOption,
  wholeNumber,
  withConfigFlags,
  withKey,
} from "./options.ts";

interface CompareFlags extends Omit<ConfigFlags, "template" | "deadline" | "output"> {
  readonly template?: readonly string[];
  readonly truth?: "labels" | "votes";
  readonly earlyStop?: boolean;
  readonly margin?: number;
  readonly budget?: RaceBudget;
  readonly rows: number;
  readonly deadline?: string;
  readonly failIf?: readonly FailIf[];
  readonly summary?: string;
  readonly force?: boolean;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

/** Adds `abtie compare`. */
export const addCompare: AddCommand = (program, context, finish) => {
  const command = program
    .command("compare")
    .summary("find out which template or judge is better, or without labels how far they agree")
    .description(
      "Scores each row with every variant of a judge before the next row, and reports which variant is better, by how " +
        "much, how certain this is, and what it costs. Without labels, it reports how far the variants agree, and the rows on " +
        "which they differ most. A variant is either a template, or an entry of `variants` in the config. " +
        "Such an entry can replace any setting of the judge. Each variant is an ordinary run in a subfolder of the run folder. " +
        "The run folder itself gets comparison.json, .html and .md. The same command continues an interrupted comparison.",
    )
    .option("-t, --template <name|file>", "a template to compare; give this option at least twice", collect)
    .addOption(truthOption("config"))
    .option("--early-stop", "stop as soon as one variant is shown to be the best; the conclusion stays valid")
    .option("--margin <nats>", "with --early-stop: a difference in log loss below this counts as no difference", nats)
    .option(
      "--budget <time|prompts>",
      'drop variants as soon as another is shown to be better, and stop after this time of scoring ("2h") or this many prompts ' +
        "(20000); a fifth of the rows is kept for the score of the winner",
      budgetOf,
    )
    .option(
      "--rows <n>",
      "estimate for each variant how long a later job with this many rows would take",
      wholeNumber(1),
      25_000,
    )
    .option(
      "--deadline <duration>",
      'time that the later job may take, such as "9h" (default: time.deadline of the config)',
    )
    .option(
      "--fail-if <condition>",
      "exit with 6 if this holds; may be repeated (the conditions are listed below)",
      collectConditions,
    )
    .addOption(summaryOption())
    .option(
      "--force",
      "continue although the config, data, template or model has changed, or although the labels get almost no probability",
    )
    .option("--fresh", "discard the contents of the run folders and start again")
    .addOption(jsonOption());
  withConfigFlags(command, [
    "input",
    "run",
    "concurrency",
    "limit",
    "seed",
    "baseUrl",
    "model",
    "tokenizer",
    "context",
    "set",
  ])
    .addHelpText(
      "after",
      examples([
        "abtie compare job.yaml --template rules --template prompts/mine.jinja -i labelled.csv",
        ["abtie compare job.yaml -t rules -t notebook -i rows.csv", "no labels: agreement, position, cost"],
        "abtie compare job.yaml --early-stop --margin 0.01 --rows 25000 --deadline 9h",
      ]),
    )
    .addHelpText(
      "after",
      helpSection("The last example needs variants in job.yaml. Each replaces some settings of the judge:", [
        ["variants:", ""],
        ["  plain: {}", "# replaces nothing"],
        ["  both: {orders: both}", ""],
        ["  short: {context: 700}", ""],
        ['  words: {labels: {a: " first", b: " second", tie: " equal"}}', ""],
        ['  large: {engine: {attach: "http://127.0.0.1:8001", tokenizer: /models/large}}', ""],
      ]),
    )
    .addHelpText(
      "after",
      helpSection('Conditions of --fail-if, for CI; "the first" is the first variant:', CONDITION_LIST),
    )
    .action(async (argument: string | undefined, flags: CompareFlags) => {
      const { compareVariants } = await import("../../commands/compare.ts");
      const { template, rows, deadline, truth, failIf, summary, ...others } = flags;
      const truthOverride = truth === undefined ? [] : [{ from: "--truth", set: { truth } }];
      const continues = (): void => context.note(`to continue: ${context.commandLine()}`);
      const comparison = await compareVariants(
        {
          file: configFileOf(argument, flags),
          templates: template ?? [],
          environment: overridesOf({}, context.env),
          flags: [...overridesOf(others, {}), ...truthOverride],
          earlyStop: flags.earlyStop ?? false,
          margin: flags.margin ?? null,
          budget: flags.budget ?? null,
          rows,
          deadline: deadline ?? null,
          failIf: failIf ?? [],
          force: flags.force ?? false,
          fresh: flags.fresh ?? false,
        },
        withKey(context, flags),
      ).catch((error: unknown) => {
        if (error instanceof AbtieError && error.code === "interrupted") continues();
        throw error;
      });
      if (flags.json === true) {
        const { detailsOf } = await import("../../compare/comparison-file.ts");
        const { conditions } = comparison;
        printJson(context, { ...detailsOf(comparison), ...(conditions.length === 0 ? {} : { conditions }) });
      } else {
        const { renderComparisonTable } = await import("../render/comparison.ts");
        context.print(renderComparisonTable(comparison, context.columns));
      }
      for (const warning of comparison.report.warnings) context.log("warn", warning);
      context.note(`report: ${comparison.files.html}`);
      if (comparison.end === "interrupted" || comparison.end === "engine-lost") continues();
      for (const sentence of conditionSentences(comparison)) context.printToStderr(sentence);
      const { renderComparisonMarkdown } = await import("../../report/render-comparison.ts");
      const markdown = renderComparisonMarkdown(comparison.report, conditionSentences(comparison));
      await appendJobSummary(markdown, summary, context);
      finish(statusOf(comparison));
    });
};

function conditionSentences({ conditions }: ComparisonResult): readonly string[] {
  return conditions.map(({ condition, holds, reasons }) =>
    holds ? `--fail-if ${condition} holds: ${reasons.join("; ")}` : `--fail-if ${condition} does not hold`,
  );
}

/** An unfinished comparison says so whatever its conditions; a condition that holds goes before rows that were left out. */
function statusOf({ end, failedRows, conditions }: ComparisonResult): number {
  switch (end) {
    case "interrupted":
      return EXIT.interrupted;
    case "engine-lost":
      return EXIT.fallback;
    case "done":
    case "decided":
    case "budget":
      if (conditions.some(({ holds }) => holds)) return EXIT.threshold;
      return failedRows > 0 ? EXIT.fallback : EXIT.done;
    default:
      return end satisfies never;
  }
}

function collectConditions(text: string, before: readonly FailIf[] = []): readonly FailIf[] {
  const condition = parseFailIf(text);
  if (condition !== null) return [...before, condition];
  throw new InvalidArgumentError(`expected one of ${CONDITION_LIST.map(([written]) => written).join(", ")}.`);
}

/** Collects the values of an option that is given several times. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function budgetOf(text: string): RaceBudget {
  if (/^[1-9]\d*$/.test(text)) return { kind: "prompts", prompts: Number(text) };
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return { kind: "time", ms };
  throw new InvalidArgumentError('expected a time such as "2h", or a number of prompts such as 20000.');
}

function nats(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("expected nats between 0 and 1, such as 0.01.");
  return value;
}
