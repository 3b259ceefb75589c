import type { GivenContext } from "../../src/cli/commands/context.ts";
import { createProgram } from "../../src/cli/program.ts";
import { AbtieError, EXIT } from "../../src/errors.ts";
import { createEffects } from "../../src/system.ts";

/** What a command line said and how it ended. */
export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process: a hundred times cheaper than a real one, for what ends before any server is asked. */
export async function inProcess(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  let stdout = "";
  let stderr = "";
  const printToStderr = (text: string): void => {
    stderr += `${text}\n`;
  };
  const effects = createEffects({ cwd, env: { HOME: cwd, ...env }, log: (_level, text) => printToStderr(text) });
  const context: GivenContext = {
    ...effects,
    print: (text) => {
      stdout += `${text}\n`;
    },
    printToStderr: (text, heading) => printToStderr(heading === undefined ? text : `${heading.text} ${text}`),
    note: (text) => printToStderr(text),
    columns: null,
  };
  const status = await createProgram(context)
    .run(args)
    .catch((error: unknown) => {
      if (!(error instanceof AbtieError)) throw error;
      printToStderr([error.message, ...error.details].join("\n"));
      return EXIT[error.code];
    });
  return { status, stdout, stderr };
}
