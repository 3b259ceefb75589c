import { createEffects } from "../system.ts";
import { createProgram } from "./program.ts";

/**
 * Returns the help or the version if the command line asks for one of them; null if it calls a command or is wrong.
 * Needs no worker thread, because a worker would take longer and 13 MB more than printing the text.
 */
export async function helpFor(argv: readonly string[]): Promise<string | null> {
  let text: string | null = null;
  const context = {
    ...createEffects(),
    print: (printed: string) => {
      text = `${text ?? ""}${printed}\n`;
    },
    printToStderr: () => {},
    note: () => {},
    columns: process.stdout.isTTY ? process.stdout.columns || null : null,
  };
  await createProgram(context, { callCommands: false }).run(argv);
  return text;
}
