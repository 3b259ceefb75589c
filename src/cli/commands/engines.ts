import { formatDuration } from "../../format.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";

interface EnginesFlags {
  readonly stop?: string;
  readonly json?: boolean;
}

/** Adds `abtie engines`. */
export const addEngines: AddCommand = (program, context) => {
  const command = program
    .command("engines")
    .summary("list the servers that runs have left, or stop them")
    .description(
      "Lists the servers that go on after their runs, because the config says engine.keep, and when each one stops. A later run with the" +
        " same engine uses such a server.",
    )
    .option("--stop <name>", "stop the server of this name, or all; one that a run uses goes on")
    .addOption(jsonOption())
    .action(async ({ stop, json = false }: EnginesFlags) => {
      const { listKeptEngines, stopKeptEngines } = await import("../../commands/engines.ts");
      const { print } = context;
      if (stop !== undefined) {
        const stopped = await stopKeptEngines(stop, context);
        if (json) printJson(context, { stopped });
        else print(stopped.map(({ name }) => `${name} stops`).join("\n") || "no server is kept");
        return;
      }
      const engines = await listKeptEngines(context);
      if (json) return printJson(context, { engines });
      const lines = engines.map(({ name, baseUrl, model, endsInMs, logFile }) => {
        const state = endsInMs === null ? "a run uses it" : `stops in ${formatDuration(endsInMs)}`;
        return `${name}  ${baseUrl}  ${model}  ${state}  log: ${logFile}`;
      });
      print(lines.join("\n") || "no server is kept");
    });
  command.addHelpText("after", examples(["abtie engines", "abtie engines --stop all"]));
};
