import { Option } from "commander";
import type { RowPrompt } from "../../commands/show.ts";
import { plural } from "../../format.ts";
import type { Order } from "../../types.ts";
import { examples, wrapFields } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { type ConfigFlags, jsonOption, judgeOption, openJudgeConfig, withConfigFlags } from "./options.ts";

interface ShowFlags extends ConfigFlags {
  readonly row: string;
  readonly id?: string;
  readonly order: Order;
  readonly judge?: string;
  readonly json?: boolean;
}

/** Adds `abtie show`. */
export const addShow: AddCommand = (program, context) => {
  const command = program
    .command("show")
    .summary("print the prompt of one row, with token counts and label tokens")
    .description(
      "Prints the prompt of one row as messages, with the number of tokens, cuts and label tokens. No server is started or contacted;" +
        " without the model's tokenizer on this machine, the tokens are not counted.",
    )
    .option("--row <n|id>", "number of the row in the file, counted from 1, or its id", "1")
    .addOption(new Option("--id <id>", "id of the row, where it looks like a number").conflicts("row"))
    .addOption(
      new Option("--order <order>", "ab: the answers as in the file; ba: swapped").choices(["ab", "ba"]).default("ab"),
    )
    .addOption(judgeOption())
    .addOption(jsonOption());
  withConfigFlags(command, ["input", "template", "tokenizer", "context", "set"])
    .addHelpText("after", examples(["abtie show -i rows.csv --row 3 -t rules"]))
    .action(async (argument: string | undefined, flags: ShowFlags) => {
      const { show } = await import("../../commands/show.ts");
      const config = await openJudgeConfig(argument, flags, context);
      const row = flags.id === undefined ? { either: flags.row } : { id: flags.id };
      const shown = await show(config, { row, order: flags.order }, context);
      if (flags.json === true) printJson(context, shown);
      else context.print(`${wrapFields(headOf(shown), context.columns)}\n\n${shown.text}`);
    });
};

/** What is known of the prompt, above it. The prompt itself is printed as it is. */
function headOf({ row, id, order, template, tokens }: RowPrompt): readonly string[] {
  const head = `row ${row} (id ${id}), answers ${order === "ab" ? "as in the file" : "swapped"}, template ${template}`;
  const lines =
    tokens === null
      ? ["tokens   not counted: the model's tokenizer is not on this machine; name its folder with --tokenizer"]
      : [
          `tokens   ${plural(tokens.prompt, "token")} of at most ${tokens.budget}, ${tokens.cut === 0 ? "nothing cut" : `${tokens.cut} cut from the row's texts`}`,
          ...(tokens.neutralised === 0 ? [] : [`broken   ${plural(tokens.neutralised, "control token")} in the texts`]),
          `labels   ${tokens.labels}`,
        ];
  return [head, ...lines];
}
