import { InvalidArgumentError } from "commander";
import { readBench } from "../../bench/read-bench.ts";
import { type Plan, plan } from "../../commands/plan.ts";
import { formatDuration } from "../../duration.ts";
import { openConfig } from "../../job/open-config.ts";
import type { AddCommand } from "../add-command.ts";
import { type JobFlags, overridesOf, withJobFlags } from "../options.ts";
import { count } from "../render/estimates.ts";

interface PlanFlags extends JobFlags {
  readonly tokensPerSecond?: number;
  readonly bench?: string;
  readonly keepTokens?: boolean;
}

/** Adds `abtie plan`. */
export const addPlan: AddCommand = (program, context) => {
  withJobFlags(program.command("plan"))
    .summary("what run would do: tokens, shortened rows, order, cost; scores nothing")
    .description("Tokenise every row and say what `run` would do with it. No server is started or asked.")
    .option("--tokens-per-second <n>", "speed of the engine, for the time that each step takes", positive)
    .option("--bench <bench.json>", "take the speed that abtie bench measured")
    .option("--keep-tokens", "keep the tokens in the run folder, so that run need not tokenise again")
    .addHelpText("after", "\nExample:\n  abtie plan job.yaml --deadline 9h --tokens-per-second 950")
    .action(async (argument: string | undefined, flags: PlanFlags) => {
      const config = await openConfig(flags.config ?? argument ?? null, overridesOf(flags, context.env), context);
      const measured = flags.bench === undefined ? null : (await readBench(flags.bench, context)).tokensPerSecond;
      const tokensPerSecond = flags.tokensPerSecond ?? measured;
      const result = await plan(config, { tokensPerSecond, keepTokens: flags.keepTokens ?? false }, context);
      context.print(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : render(result));
    });
};

function render(result: Plan): string {
  const { tokens, shortened, steps, secondsForWork } = result;
  const quantiles = Object.entries(tokens.quantiles).map(([share, value]) => `${share}: ${count(value)}`);
  const width = Math.max(...steps.map(({ name }) => name.length));
  const costWidth = Math.max(...steps.map(({ tokens: cost }) => count(cost).length));
  const lines = [
    `${count(result.rows)} rows of ${result.input}`,
    `tokens a row   ${quantiles.join(", ")}; ${count(tokens.total)} in all; the budget is ${count(result.budget)}`,
    `shortened      ${count(shortened.rows)} rows${shortened.rows > 0 ? `, by ${count(Math.round(shortened.meanCut))} tokens on average` : ""}`,
    `control tokens ${count(result.neutralised)} rows hold some; they are defused`,
    `order          ${result.order}`,
    ...steps.map(({ name, tokens: cost, seconds }) => {
      const verdict =
        seconds === null || secondsForWork === null ? "" : seconds <= secondsForWork ? ": fits" : ": too long";
      return `step ${name.padEnd(width)} ${count(cost).padStart(costWidth)} tokens${seconds === null ? "" : `, ${formatDuration(1_000 * seconds)}${verdict}`}`;
    }),
    ...(secondsForWork === null
      ? []
      : [`time for work  ${formatDuration(1_000 * secondsForWork)}, the start of the engine included`]),
  ];
  return `${lines.join("\n")}\n`;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number above 0.");
  return value;
}
