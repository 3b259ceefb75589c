import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { AbtieError, EXIT } from "../errors.ts";
import { quoteForShell } from "../format.ts";
import { addBench } from "./commands/bench.ts";
import { addCalibrate } from "./commands/calibrate.ts";
import { addCompare } from "./commands/compare.ts";
import type { AddCommand, GivenContext } from "./commands/context.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEngines } from "./commands/engines.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addFakeServer } from "./commands/fake-server.ts";
import { addGenerate } from "./commands/generate.ts";
import { addInit } from "./commands/init.ts";
import { addJoin } from "./commands/join.ts";
import { addMake } from "./commands/make.ts";
import { addMerge } from "./commands/merge.ts";
import { addPlan } from "./commands/plan.ts";
import { addPrepare } from "./commands/prepare.ts";
import { addQuantize } from "./commands/quantize.ts";
import { addReport } from "./commands/report.ts";
import { addRun } from "./commands/run.ts";
import { addSample } from "./commands/sample.ts";
import { addSetup } from "./commands/setup.ts";
import { addShow } from "./commands/show.ts";
import { addStatus } from "./commands/status.ts";
import { addTemplates } from "./commands/templates.ts";
import { addTrain } from "./commands/train.ts";
import { addValidate } from "./commands/validate.ts";
import { withGlobalOptions } from "./global-options.ts";
import { type Example, examples, formatItem, helpWidth, renderItems } from "./render/help-text.ts";

/**
 * The commands in the order of the help, in groups. Each file defines the arguments and flags of its command and imports
 * its work only when the command is called, so that printing the help does not load the rest of the program.
 */
const COMMANDS: Readonly<Record<string, readonly AddCommand[]>> = {
  "Begin:": [addInit, addSetup, addFakeServer, addTemplates, addShow],
  "Before a run:": [addDoctor, addPlan, addBench],
  "Run:": [addRun, addStatus, addEngines, addJoin, addValidate],
  "After a run:": [addEvaluate, addCalibrate, addReport],
  "Choose a template or a model:": [addCompare, addSample],
  "Make a judge:": [addMake, addGenerate, addPrepare, addTrain, addMerge, addQuantize],
};

/** Help text is wrapped down to this width (characters). */
const NARROW = 20;

/** The command line. `run` resolves with the exit status, and rejects with the error that the called command threw. */
export interface Program {
  readonly run: (argv: readonly string[]) => Promise<number>;
}

/**
 * Creates the command line. With `callCommands: false`, it prints help, the version and usage errors, but calls no
 * command.
 */
export function createProgram(given: GivenContext, { callCommands } = { callCommands: true }): Program {
  let status: number = EXIT.done;
  let called: readonly string[] = [];
  const program = new Command("abtie");
  program
    .description(
      "Judges pairs of answers with a language model served by vLLM, and writes a complete CSV of probabilities, the submission, before a deadline." +
        " A row that cannot be scored gets fallback probabilities: the class prior.",
    )
    .usage("[options] <command>")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showHelpAfterError("(--help shows the options)")
    .configureHelp({ showGlobalOptions: true, formatItem, minWidthToWrap: NARROW });
  const { context, isVerbose } = withGlobalOptions(program, given, {
    readFiles: callCommands,
    commandLine: () => ["abtie", ...called.filter((word) => word !== "--fresh")].map(quoteForShell).join(" "),
  });
  for (const [group, adds] of Object.entries(COMMANDS)) {
    program.commandsGroup(group);
    for (const add of adds) {
      add(program, context, (value) => {
        status = value;
      });
    }
  }
  if (!callCommands) for (const command of program.commands) command.action(() => {});
  program.commandsGroup("Help:");
  program
    .command("help")
    .summary("print the help of a command")
    .argument("[command]", "name of the command")
    .helpOption(false)
    .action(async (name?: string) => {
      if (name === undefined) return program.help();
      const named = program.commands.find((command) => command.name() === name);
      // An unknown name ends as it does without "help".
      return named === undefined ? void (await program.parseAsync([name], { from: "user" })) : named.help();
    });
  const width = (): number => helpWidth(context.columns);
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.printToStderr(text.trimEnd()),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
    });
  }
  program.addHelpText("after", examples(EXAMPLES));
  program.addHelpText("after", () => `\nExit status:\n${renderItems(program, EXIT_STATUSES)}`);
  return {
    run: async (argv) => {
      called = argv;
      try {
        await program.parseAsync([...argv], { from: "user" });
        return status;
      } catch (error) {
        if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.config;
        throw isVerbose() ? withCauses(error) : error;
      }
    },
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Adds the errors that caused an error of abtie to its details. Any other error is printed with its stack. */
function withCauses(error: unknown): unknown {
  if (!(error instanceof AbtieError)) return error;
  const causes: string[] = [];
  for (let { cause } = error; cause instanceof Error; cause = cause.cause) causes.push(`caused by: ${cause.message}`);
  return new AbtieError(error.code, error.message, { cause: error.cause, details: [...error.details, ...causes] });
}

const EXAMPLES: readonly Example[] = [
  ["abtie init rows.csv -o job.yaml", "look at the rows, write a config"],
  ["abtie setup", "install vLLM and a small model"],
  ["abtie fake-server", "try everything with made-up verdicts, without an engine"],
  ["abtie doctor job.yaml", "check everything that the job needs"],
  ["abtie bench job.yaml --deadline 9h", "measure the speed: does the job fit into 9 hours?"],
  ["abtie run job.yaml --deadline 9h", "score the rows; the same command continues"],
  "abtie run -i rows.csv --base-url http://127.0.0.1:8000 -o submission.csv",
  ["abtie status runs/job", "see how far a run is"],
  ["abtie join job.yaml", "make one submission of the shards of several machines"],
  ["abtie validate submission.csv -i rows.csv", "check ids, numbers and sums of the submission"],
  ["abtie evaluate runs/job --labels rows.csv", "compute log loss and other metrics"],
  ["abtie compare job.yaml -t rules -t mine.jinja", "find out which template is better"],
  ["abtie sample runs/job -n 200 -o sample.csv", "draw the rows that are most worth labelling"],
  ["abtie calibrate runs/job --labels rows.csv", "fit a calibration for later runs"],
  ["abtie report runs/job", "write one page about the run"],
];

const EXIT_STATUSES: readonly (readonly [string, string])[] = [
  ["  0", "the command has done its work"],
  ["  1", "abtie has a bug"],
  ["  2", "the command line or the config is wrong"],
  [
    "  3",
    "the data are wrong, or a file cannot be read or written (validate: the submission is invalid; calibrate: the calibration does not help)",
  ],
  [
    "  4",
    "the engine has failed, or cannot be installed (doctor: a run would fail), or the model gives the labels almost no probability",
  ],
  [
    "  5",
    "the submission is complete and valid, but some rows have fallback probabilities (bench: the job may miss its deadline)",
  ],
  ["  6", "a threshold was missed (evaluate --max-log-loss, --min-accuracy; compare --fail-if)"],
  ["130", "the command was interrupted; the submission, if there is one, is complete and valid"],
];
