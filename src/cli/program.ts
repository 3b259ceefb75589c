import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { EXIT } from "../errors.ts";
import type { AddCommand } from "./add-command.ts";
import { addBench } from "./commands/bench.ts";
import { addCalibrate } from "./commands/calibrate.ts";
import { addCompare } from "./commands/compare.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addPlan } from "./commands/plan.ts";
import { addReport } from "./commands/report.ts";
import { addRun } from "./commands/run.ts";
import { addSetup } from "./commands/setup.ts";
import { addValidate } from "./commands/validate.ts";
import type { Context } from "./context.ts";

const COMMANDS: readonly AddCommand[] = [
  addRun,
  addPlan,
  addBench,
  addDoctor,
  addValidate,
  addEvaluate,
  addCompare,
  addCalibrate,
  addReport,
  addSetup,
];

/** Creates the command line; run(argv) resolves with the exit status. */
export function createProgram(context: Context): { run: (argv: readonly string[]) => Promise<number> } {
  let status: number = EXIT.done;
  const program = new Command("abtie")
    .description("Judge pairs of answers with a language model served by vLLM, and hand in a complete file on time.")
    .version(packageVersion(), "-V, --version")
    .showHelpAfterError("(--help shows the options)")
    .addHelpText("after", EXAMPLES);
  for (const add of COMMANDS) add(program, context, (value) => (status = value));
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({
      writeOut: context.print,
      writeErr: (text) => context.say(text.trimEnd()),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
  }
  return {
    run: async (argv) => {
      try {
        await program.parseAsync([...argv], { from: "user" });
        return status;
      } catch (error) {
        if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.config;
        throw error;
      }
    },
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

const EXAMPLES = `
Examples:
  abtie setup                                    install vLLM and a small model into the cache folder
  abtie doctor job.yaml                          check everything before hours are spent
  abtie bench job.yaml --deadline 9h             measure the speed; does the job fit?
  abtie run job.yaml --deadline 9h               score the rows; run it again to continue
  abtie run -i rows.csv --base-url http://127.0.0.1:8000 -o submission.csv
  abtie validate submission.csv -i rows.csv      apply the grader's checks
  abtie evaluate runs/job --labels rows.csv      log loss and more, with intervals
  abtie compare job.yaml -t rules -t mine.jinja  say which template is better, and what it costs
  abtie calibrate runs/job --labels rows.csv     fit a calibration that later runs apply
  abtie report runs/job                          one self-contained page

Exit status: 0 done, 1 bug, 2 usage or config, 3 data, 4 engine,
             5 finished but some rows hold a fallback (file valid), 130 interrupted (file valid)`;
