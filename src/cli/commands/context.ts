import type { Command } from "commander";
import type { Effects } from "../../effects.ts";

/** Everything that a command of the command line may use besides its arguments and flags. */
export interface Context extends Effects {
  /** Writes a text and a line break to stdout: the result of the command. */
  readonly print: (text: string) => void;
  /** Writes a text and a line break to stderr: everything else that a person reads. */
  readonly printToStderr: (text: string) => void;
}

/** Adds one command to the program; its action calls `finish` with an exit status other than 0. */
export type AddCommand = (program: Command, context: Context, finish: (status: number) => void) => void;

/** Prints a result as JSON. */
export function printJson({ print }: Pick<Context, "print">, value: unknown): void {
  print(JSON.stringify(value, null, 2));
}
