import { InvalidArgumentError } from "commander";
import { renderPlan } from "../render/plan.ts";
import { type AddCommand, printJson } from "./context.ts";
import { type ConfigFlags, jsonOption, openJobConfig, withConfigFlags } from "./options.ts";

interface PlanFlags extends ConfigFlags {
  readonly tokensPerSecond?: number;
  readonly bench?: string;
  readonly keepTokens?: boolean;
  readonly json?: boolean;
}

/** Adds `abtie plan`. */
export const addPlan: AddCommand = (program, context) => {
  const command = program
    .command("plan")
    .summary("print what `run` would do: token counts, shortened rows, order of the rows, time; scores nothing")
    .description(
      "Tokenises every row and prints what `run` would do with it. No server is started. If the config has no tokenizer folder," +
        " the server that runs tokenises; otherwise none is contacted.",
    )
    .option(
      "--tokens-per-second <n>",
      "prompt tokens that the engine reads in a second; with it the plan shows times",
      positive,
    )
    .option("--bench <bench.json>", "read the speed from this file, which `abtie bench` wrote")
    .option("--keep-tokens", "keep the tokens in the run folder, so that `run` does not tokenise again")
    .addOption(jsonOption());
  withConfigFlags(command)
    .addHelpText("after", "\nExample:\n  abtie plan job.yaml --deadline 9h --tokens-per-second 950")
    .action(async (argument: string | undefined, flags: PlanFlags) => {
      const { plan } = await import("../../commands/plan.ts");
      const { readBench } = await import("../../bench/bench-file.ts");
      const config = await openJobConfig(argument, flags, context);
      const bench = flags.bench === undefined ? null : await readBench(flags.bench, context);
      const tokensPerSecond = flags.tokensPerSecond ?? bench?.tokensPerSecond ?? null;
      const result = await plan(
        config,
        { tokensPerSecond, keepTokens: flags.keepTokens ?? false, benchFile: bench?.file ?? null },
        context,
      );
      if (flags.json === true) printJson(context, result);
      else context.print(renderPlan(result));
    });
};

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number above 0.");
  return value;
}
