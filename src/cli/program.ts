import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { EXIT } from "../errors.ts";
import { addBench } from "./commands/bench.ts";
import { addCalibrate } from "./commands/calibrate.ts";
import { addCompare } from "./commands/compare.ts";
import type { AddCommand, Context } from "./commands/context.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addInit } from "./commands/init.ts";
import { addPlan } from "./commands/plan.ts";
import { addReport } from "./commands/report.ts";
import { addRun } from "./commands/run.ts";
import { addSample } from "./commands/sample.ts";
import { addSetup } from "./commands/setup.ts";
import { addShow } from "./commands/show.ts";
import { addTemplates } from "./commands/templates.ts";
import { addValidate } from "./commands/validate.ts";

/**
 * The commands in the order of the help. Each file defines the arguments and flags of its command and imports its work
 * only when the command is called, so that printing the help does not load the rest of the program.
 */
const COMMANDS: readonly AddCommand[] = [
  addInit,
  addRun,
  addPlan,
  addBench,
  addDoctor,
  addShow,
  addTemplates,
  addValidate,
  addEvaluate,
  addCompare,
  addSample,
  addCalibrate,
  addReport,
  addSetup,
];

const WIDTH = 100;

/** The command line. `run` resolves with the exit status, and rejects with the error that the called command threw. */
export interface Program {
  readonly run: (argv: readonly string[]) => Promise<number>;
}

/**
 * Creates the command line. With `callCommands: false`, it prints help, the version and usage errors, but calls no
 * command.
 */
export function createProgram(context: Context, { callCommands } = { callCommands: true }): Program {
  let status: number = EXIT.done;
  const program = new Command("abtie")
    .description(
      "Judges pairs of answers with a language model served by vLLM, and writes a complete CSV of probabilities, the submission, before a deadline." +
        " A row that cannot be scored gets fallback probabilities: the class prior.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .showHelpAfterError("(--help shows the options)")
    .addHelpText("after", EXAMPLES);
  for (const add of COMMANDS) {
    add(program, context, (value) => {
      status = value;
    });
  }
  if (!callCommands) for (const command of program.commands) command.action(() => {});
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.printToStderr(text.trimEnd()),
      getOutHelpWidth: () => WIDTH,
      getErrHelpWidth: () => WIDTH,
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
  abtie setup                                    install vLLM and a small model
  abtie doctor job.yaml                          check everything that the job needs
  abtie bench job.yaml --deadline 9h             measure the speed: does the job fit into 9 hours?
  abtie run job.yaml --deadline 9h               score the rows; the same command continues
  abtie run -i rows.csv --base-url http://127.0.0.1:8000 -o submission.csv
  abtie validate submission.csv -i rows.csv      check ids, numbers and sums of the submission
  abtie evaluate runs/job --labels rows.csv      compute log loss and other metrics
  abtie compare job.yaml -t rules -t mine.jinja  find out which template is better
  abtie sample runs/job -n 200 -o sample.csv     draw the rows that are most worth labelling
  abtie calibrate runs/job --labels rows.csv     fit a calibration for later runs
  abtie report runs/job                          write one page about the run

Exit status:
    0  the command has done its work
    1  abtie has a bug
    2  the command line or the config is wrong
    3  the data are wrong, or a file cannot be read or written
       (validate: the submission is invalid; calibrate: the calibration does not help)
    4  the engine has failed, or cannot be installed (doctor: a run would fail),
       or the model gives the labels almost no probability
    5  the submission is complete and valid, but some rows have fallback probabilities
       (bench: the job may miss its deadline)
    6  a threshold was missed (evaluate --max-log-loss, --min-accuracy; compare --fail-if)
  130  the command was interrupted; the submission, if there is one, is complete and valid`;
