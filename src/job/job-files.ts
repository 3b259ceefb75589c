import { dirname, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { judgesOf } from "../config/judges.ts";
import type { CommandFiles, NamedFile, NamedOutput } from "../files/refuse-overwrite.ts";
import { serverLogName } from "../pool/open-engines.ts";
import { isUsualOutput, namedFilesOf, RUN_FILES, SUBMISSION_FILES } from "../runfolder/file-names.ts";
import type { LoadedRun } from "../runfolder/load-run-folder.ts";
import { modelFilesOf } from "../runfolder/manifest/model-files.ts";

export interface JobFileOptions {
  /** The working folder, from which relative paths lead. */
  readonly cwd: string;
  /** The bench.json that the command reads; omitted or null: none. */
  readonly benchFile?: string | null;
}

/** Lists the files of a run: those that it reads, and those that it writes; `further` are written into the run folder too. */
export function filesOfRun(config: Config, options: JobFileOptions, further: readonly string[] = []): CommandFiles {
  const files = judgesOf(config).map((judge) => filesOfJudge(judge, options, further));
  return { reads: files.flatMap(({ reads }) => reads), writes: files.flatMap(({ writes }) => writes) };
}

function filesOfJudge(config: Config, options: JobFileOptions, further: readonly string[]): CommandFiles {
  const { output, runFolder } = config;
  const submission: NamedOutput = isUsualOutput(config)
    ? { role: "the submission in the run folder", path: output, remedy: OTHER_FOLDER }
    : { role: "the output (-o)", path: output, remedy: OTHER_PATH };
  const written = [...RUN_FILES, ...replicaLogs(config), ...further];
  return {
    // An output may be a link to the usual submission of the run folder.
    reads: [...readsOf(config, options), ...namedFilesOf(runFolder, [...written, ...SUBMISSION_FILES])],
    writes: [submission, ...writesOf(config, written)],
  };
}

/**
 * Lists the files of a command that works on the rows of a config and writes the files `written` into the run folder. The
 * other files of the run folder count as read, because the command must keep them.
 */
export function filesInRunFolder(config: Config, written: readonly string[], options: JobFileOptions): CommandFiles {
  return {
    reads: [...readsOf(config, options), ...namedFilesOf(config.runFolder, written)],
    writes: writesOf(config, written),
  };
}

function writesOf({ runFolder }: Config, written: readonly string[]): readonly NamedOutput[] {
  return [
    { role: "the run folder (--run)", path: runFolder, remedy: OTHER_FOLDER },
    ...written.map((name) => ({
      role: `${name} of the run folder (--run)`,
      path: join(runFolder, name),
      remedy: OTHER_FOLDER,
      isOwn: true,
    })),
  ];
}

/** The remedies for outputs that a flag names. */
export const OTHER_PATH = "choose another path (-o)";
const OTHER_FOLDER = "choose another run folder (--run)";

/** Lists the files of a recorded run that a later command must keep, apart from those in `without`. */
export function filesOfRecordedRun(
  { folder, config }: Pick<LoadedRun, "folder" | "config">,
  without: readonly string[] = [],
): readonly NamedFile[] {
  return [
    { role: "the input of the run", path: config.input },
    { role: "the template of the run", path: config.template },
    ...optional("the config of the run", config.file),
    ...optional("the submission of the run", config.output),
    ...namedFilesOf(folder, without),
  ];
}

function readsOf(config: Config, { cwd, benchFile }: JobFileOptions): readonly NamedFile[] {
  const { file, input, template, calibration, escalation, engine } = config;
  const profile = /\/|\.ya?ml$/.test(engine.name) ? resolve(file === null ? cwd : dirname(file), engine.name) : null;
  return [
    { role: "the input", path: input },
    ...optional("the config", file),
    { role: "the template", path: template },
    ...optional("the calibration", calibration ?? escalation?.combination),
    ...optional("the engine profile", profile),
    ...optional("the bench file (--bench)", benchFile),
    // The name of a model is also the path of a folder that the server would take: relative to the working folder.
    ...modelFilesOf(config).map((path) => ({ role: "a file of the model", path: resolve(cwd, path) })),
  ];
}

function optional(role: string, path: string | null | undefined): readonly NamedFile[] {
  return path === null || path === undefined ? [] : [{ role, path }];
}

/** Each of several servers writes its own log. */
function replicaLogs(config: Config): readonly string[] {
  return serverLogs(config).filter((name) => name !== "server.log");
}

/** Names the logs of the servers that abtie starts, in the run folder; empty when it starts none. */
export function serverLogs({ engine }: Config): readonly string[] {
  if (engine.kind !== "spawn") return [];
  return Array.from({ length: engine.replicas }, (_, replica) => serverLogName(engine, replica));
}
