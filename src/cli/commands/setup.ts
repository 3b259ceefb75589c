import { Option } from "commander";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";

interface SetupFlags {
  readonly python?: string;
  readonly gpu: "auto" | "cpu" | "cuda";
  readonly train?: boolean;
  readonly json?: boolean;
}

/** Adds `abtie setup`. */
export const addSetup: AddCommand = (program, context) => {
  program
    .command("setup")
    .summary("install vLLM and a small model into the cache folder")
    .description(
      "Installs vLLM and the model SmolLM2-135M-Instruct into the folder ABTIE_HOME (default: abtie/ in the user's cache folder). " +
        "Installs the CUDA build of vLLM if nvidia-smi lists a GPU, else the CPU build. Keeps the parts that are already " +
        "installed, and continues an interrupted setup. If several setups run at the same time, one works and the others wait.",
    )
    .option("--python <path>", "path of the Python to use, version 3.11 to 3.13 (default: the first on the PATH)")
    .addOption(new Option("--gpu <kind>", "build of vLLM").choices(["auto", "cpu", "cuda"]).default("auto"))
    .option("--train", "also install what trains and quantises judges: peft, bitsandbytes, llmcompressor")
    .addOption(jsonOption())
    .addHelpText("after", examples(["abtie setup", "ABTIE_HOME=/data/abtie abtie setup --gpu cpu"]))
    .action(async ({ json, ...options }: SetupFlags) => {
      const { setupEngine } = await import("../../commands/setup.ts");
      const result = await setupEngine(options, context);
      if (json === true) printJson(context, result);
      const { vllm, home, installed } = result;
      const news = installed.length === 0 ? "everything was installed already" : `installed ${installed.join(", ")}`;
      context.note(`ready: vLLM ${vllm.version} (${vllm.flavour}) and a model in ${home}; ${news}`);
    });
};
