import { examples } from "../render/help-text.ts";
import { renderMemory, renderPlan } from "../render/plan.ts";
import { type AddCommand, printJson } from "./context.ts";
import {
  type ConfigFlags,
  jsonOption,
  openJobConfig,
  positiveNumber,
  WITHOUT_OUTPUT,
  withConfigFlags,
} from "./options.ts";
import { planSpeed } from "./plan-speed.ts";

interface PlanFlags extends ConfigFlags {
  readonly tokensPerSecond?: number;
  readonly bench?: string;
  readonly keepTokens?: boolean;
  readonly gpuMemory?: number;
  readonly json?: boolean;
}

/** Adds `abtie plan`. */
export const addPlan: AddCommand = (program, context) => {
  const command = program
    .command("plan")
    .summary("print what `run` would do: token counts, shortened rows, order of the rows, time; scores nothing")
    .description(
      "Tokenises every row and prints what `run` would do with it. No server is started. One that runs already is asked only when the" +
        " config names no tokenizer folder; it then tokenises.",
    )
    .option(
      "--tokens-per-second <n>",
      "prompt tokens that the engine reads in a second; with it the plan shows times",
      positiveNumber,
    )
    .option(
      "--bench <bench.json>",
      "read the speed from this file, which `abtie bench` wrote (default: bench.json in the run folder, if it is there)",
    )
    .option("--keep-tokens", "keep the tokens in the run folder, so that `run` does not tokenise again")
    .option(
      "--gpu-memory <GiB>",
      "memory of one GPU (15 for a T4): also print what of the model fits it, in 16, 8 and 4 bits",
      positiveNumber,
    )
    .addOption(jsonOption());
  withConfigFlags(command, WITHOUT_OUTPUT)
    .addHelpText(
      "after",
      examples(["abtie plan job.yaml --deadline 9h --tokens-per-second 950", "abtie plan job.yaml --gpu-memory 15"]),
    )
    .action(async (argument: string | undefined, flags: PlanFlags) => {
      const { plan, planMemory } = await import("../../commands/plan.ts");
      const { readBench } = await import("../../bench/bench-file.ts");
      const config = await openJobConfig(argument, flags, context);
      const bench = flags.bench === undefined ? null : await readBench(flags.bench, context);
      const speed = await planSpeed(config, { tokensPerSecond: flags.tokensPerSecond, bench });
      const { said, ...measured } = speed;
      const result = await plan(config, { ...measured, keepTokens: flags.keepTokens ?? false }, context);
      const memory =
        flags.gpuMemory === undefined
          ? null
          : await planMemory(config, { gpuBytes: flags.gpuMemory * 1024 ** 3, promptTokens: result.tokenBudget });
      if (flags.json === true) printJson(context, memory === null ? result : { ...result, memory });
      else context.print([renderPlan(result, said), ...(memory === null ? [] : [renderMemory(memory)])].join("\n"));
    });
};
