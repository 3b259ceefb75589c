import type { Finding } from "../../doctor/finding.ts";
import { AbtieError, EXIT } from "../../errors.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, type Heading, printJson } from "./context.ts";
import { type ConfigFlags, jsonOption, openJobConfig, WITHOUT_OUTPUT, withConfigFlags } from "./options.ts";

interface DoctorFlags extends ConfigFlags {
  readonly server: boolean;
  readonly against?: string;
  readonly againstModel?: string;
  readonly json?: boolean;
}

/** The level of a finding, padded to 7 characters. */
const LEVELS = {
  ok: { colour: "green", text: "ok     " },
  warning: { colour: "yellow", text: "warning" },
  error: { colour: "red", text: "error  " },
} as const satisfies Record<Finding["level"], Heading>;

/** Adds `abtie doctor`. */
export const addDoctor: AddCommand = (program, context, finish) => {
  const command = program
    .command("doctor")
    .summary("check everything that a run needs, before hours are spent on it")
    .description(
      "Checks everything that a run of this config needs: Python, vLLM, GPUs, port, model, data, template, label texts and tokenizer. " +
        "Then starts the server, scores a few rows and stops it; a server that runs already is left running. With --against, sends the same " +
        "prompts to a second server and says how far the two answers are apart. Exits with 4 if a run would fail.",
    )
    .option("--no-server", "do not start or contact a server; check everything else")
    .option("--against <url>", "compare the answers with those of the server that runs at this URL")
    .option("--against-model <name>", "name of the model on that server, if it serves several")
    .addOption(jsonOption());
  withConfigFlags(command, WITHOUT_OUTPUT)
    .addHelpText(
      "after",
      examples([
        "abtie doctor job.yaml",
        "abtie doctor job.yaml --no-server --json",
        "abtie doctor job.yaml --against http://gpu-2:8000",
      ]),
    )
    .action(async (argument: string | undefined, flags: DoctorFlags) => {
      const { doctor } = await import("../../commands/doctor.ts");
      const { describeVerdict } = await import("../../doctor/verdict.ts");
      const { server, against, againstModel } = flags;
      if (against === undefined ? againstModel !== undefined : !server) {
        throw new AbtieError(
          "config",
          "--against and --against-model compare two servers: give --against URL, and leave --no-server out.",
        );
      }
      const config = await openJobConfig(argument, flags, context);
      const second = against === undefined ? {} : { against: { url: against, model: againstModel ?? null } };
      const findings = await doctor(config, { server, ...second }, context);
      context.printToStderr(describeVerdict(findings));
      for (const { level, check, text, remedy } of findings) {
        context.printToStderr(` ${check}: ${text.replaceAll("\n", "\n           ")}`, LEVELS[level]);
        if (remedy !== null) context.printToStderr(`           ${remedy}`);
      }
      if (flags.json === true) printJson(context, findings);
      finish(findings.some(({ level }) => level === "error") ? EXIT.engine : EXIT.done);
    });
};
