import { Option } from "commander";
import { formatCount } from "../../format.ts";
import type { Merged } from "../../setup/merge-adapter.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption, wholeNumber } from "./options.ts";

interface MergeFlags {
  readonly base?: string;
  readonly adapter?: string;
  readonly output: string;
  readonly classes?: string;
  readonly padToken?: number;
  readonly dtype: "auto" | "float32" | "float16" | "bfloat16";
  readonly python?: string;
  readonly json?: boolean;
}

/** Adds `abtie merge`. */
export const addMerge: AddCommand = (program, context) => {
  program
    .command("merge")
    .summary("merge a PEFT checkpoint into its base model, for vLLM to serve")
    .description(
      "Merges an adapter (a PEFT checkpoint, of a classifier with its trained head) into its base model, and writes a plain model folder." +
        " Compares the logits before and after. The base must be in 16 or 32 bits. Needs memory for the whole base.",
    )
    .argument("[run]", "folder of `abtie train`, which knows base, adapter, classes and padding token")
    .option("--base <folder>", "folder of the base model")
    .option("--adapter <folder>", "folder with adapter_config.json and adapter_model.safetensors")
    .requiredOption("-o, --output <folder>", "folder to write; it must not exist")
    .option("--classes <names>", "names of the classes in the order of training, for example A,B,tie")
    .option(
      "--pad-token <id>",
      "id of the padding token of the training (default: that of the tokenizer)",
      wholeNumber(0),
    )
    .addOption(
      new Option("--dtype <type>", "type of the weights; auto: that of the base")
        .choices(["auto", "float32", "float16", "bfloat16"])
        .default("auto"),
    )
    .option(
      "--python <path>",
      "a Python with torch, transformers and peft (default: that of `abtie setup`, with peft added)",
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "abtie merge --base llama-3-8b --adapter checkpoint-2000 --classes A,B,tie -o merged",
        "abtie merge runs/mine -o merged",
        "abtie run -i rows.csv -t classifier --set engine.kind=classify --model ./merged",
      ]),
    )
    .action(async (run: string | undefined, flags: MergeFlags) => {
      const { output, base = null, adapter = null, classes, padToken = null, dtype, python = null, json } = flags;
      const { merge } = await import("../../commands/merge.ts");
      const names = classes === undefined ? null : classes.split(",").map((name) => name.trim());
      const request = { run: run ?? null, base, adapter, out: output, classes: names, padToken, dtype, python };
      const merged = await merge(request, context);
      if (json === true) printJson(context, merged);
      else context.print(renderMerged(merged));
    });
};

function renderMerged({ out, classes, padToken, parameters, largestDifference }: Merged): string {
  return [
    `merged     ${out}, ${formatCount(parameters)} parameters`,
    ...(classes === null ? [] : [`classes    ${classes.map((name, number) => `${number}: ${name}`).join(", ")}`]),
    ...(padToken === null ? [] : [`padding    token ${padToken}`]),
    `difference ${largestDifference.toExponential(1)} at most between the logits before and after`,
  ].join("\n");
}
