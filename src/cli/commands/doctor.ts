import { doctor } from "../../commands/doctor.ts";
import { EXIT } from "../../errors.ts";
import { openConfig } from "../../job/open-config.ts";
import type { AddCommand } from "../add-command.ts";
import { type JobFlags, overridesOf, withJobFlags } from "../options.ts";

const MARKS = { ok: "ok     ", warning: "warning", error: "error  " } as const;

/** Adds `abtie doctor`. */
export const addDoctor: AddCommand = (program, context, finish) => {
  withJobFlags(program.command("doctor"))
    .summary("check everything before hours are spent")
    .description(
      "Check what a run of this config needs: Python, vLLM, GPUs, port, model, data, template, labels, tokenizer, and the " +
        "server itself, which is started and stopped again. Exit status 4 when something would make the run fail.",
    )
    .option("--no-server", "do not start the server; check only what can be known without it")
    .addHelpText("after", "\nExamples:\n  abtie doctor job.yaml\n  abtie doctor job.yaml --no-server --json")
    .action(async (argument: string | undefined, flags: JobFlags & { server: boolean }) => {
      const config = await openConfig(flags.config ?? argument ?? null, overridesOf(flags, context.env), context);
      const findings = await doctor(config, { server: flags.server }, context, (finding) => {
        context.say(`${MARKS[finding.level]}  ${finding.check}: ${finding.text.replaceAll("\n", "\n           ")}`);
        if (finding.remedy !== null) context.say(`           ${finding.remedy}`);
      });
      if (flags.json === true) context.print(`${JSON.stringify(findings, null, 2)}\n`);
      const count = (level: string): number => findings.filter((finding) => finding.level === level).length;
      context.say(`${count("error")} errors, ${count("warning")} warnings`);
      finish(count("error") > 0 ? EXIT.engine : EXIT.done);
    });
};
