import type { Finding } from "../../doctor/finding.ts";
import { EXIT } from "../../errors.ts";
import { plural } from "../../format.ts";
import { type AddCommand, printJson } from "./context.ts";
import { type ConfigFlags, jsonOption, openJobConfig, withConfigFlags } from "./options.ts";

interface DoctorFlags extends ConfigFlags {
  readonly server: boolean;
  readonly json?: boolean;
}

/** The level of a finding, padded to 7 characters. */
const LEVELS = { ok: "ok     ", warning: "warning", error: "error  " } as const satisfies Record<
  Finding["level"],
  string
>;

/** Adds `abtie doctor`. */
export const addDoctor: AddCommand = (program, context, finish) => {
  const command = program
    .command("doctor")
    .summary("check everything that a run needs, before hours are spent on it")
    .description(
      "Checks everything that a run of this config needs: Python, vLLM, GPUs, port, model, data, template, label texts and tokenizer. " +
        "Then starts the server, scores a few rows and stops it; a server that runs already is left running. Exits with 4 if a run would fail.",
    )
    .option("--no-server", "do not start or contact a server; check everything else")
    .addOption(jsonOption());
  withConfigFlags(command)
    .addHelpText("after", "\nExamples:\n  abtie doctor job.yaml\n  abtie doctor job.yaml --no-server --json")
    .action(async (argument: string | undefined, flags: DoctorFlags) => {
      const { doctor } = await import("../../commands/doctor.ts");
      const config = await openJobConfig(argument, flags, context);
      const findings = await doctor(config, { server: flags.server }, context, ({ level, check, text, remedy }) => {
        context.printToStderr(`${LEVELS[level]}  ${check}: ${text.replaceAll("\n", "\n           ")}`);
        if (remedy !== null) context.printToStderr(`           ${remedy}`);
      });
      if (flags.json === true) printJson(context, findings);
      const count = (wanted: Finding["level"]): number => findings.filter(({ level }) => level === wanted).length;
      context.printToStderr(`${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}`);
      finish(count("error") > 0 ? EXIT.engine : EXIT.done);
    });
};
