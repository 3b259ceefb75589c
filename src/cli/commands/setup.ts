import { Option } from "commander";
import { setupEngine } from "../../commands/setup.ts";
import type { AddCommand } from "../add-command.ts";

/** Adds `abtie setup`. */
export const addSetup: AddCommand = (program, context) => {
  program
    .command("setup")
    .summary("install vLLM and a small model into the cache folder")
    .description(
      "Install the vLLM that fits this machine (CUDA where nvidia-smi lists a GPU, else the CPU build) and " +
        "SmolLM2-135M-Instruct into ABTIE_HOME, default abtie/ in the user's cache folder. What is there is left alone; " +
        "an interrupted setup continues; several at once wait for each other.",
    )
    .option("--python <path>", "Python 3.11 to 3.13 to build on; default the first on the PATH")
    .addOption(new Option("--gpu <kind>", "which build of vLLM").choices(["auto", "cpu", "cuda"]).default("auto"))
    .option("--json", "machine-readable result on stdout")
    .addHelpText("after", "\nExamples:\n  abtie setup\n  ABTIE_HOME=/data/abtie abtie setup --gpu cpu")
    .action(async (flags: { python?: string; gpu: "auto" | "cpu" | "cuda"; json?: boolean }) => {
      const { json, ...options } = flags;
      const result = await setupEngine(options, context);
      if (json === true) context.print(`${JSON.stringify(result, null, 2)}\n`);
      const news = result.installed.length === 0 ? "nothing to install" : `installed ${result.installed.join(", ")}`;
      context.say(
        `engine ready: vLLM ${result.vllm.version} (${result.vllm.flavour}) and a model in ${result.home}; ${news}`,
      );
    });
};
