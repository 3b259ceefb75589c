import type { Command } from "commander";
import type { Effects } from "../../effects.ts";
import { visibleInJson } from "../../report/markup/visible.ts";

/** Everything that a command may use in addition to its arguments and flags. */
export interface Context extends Effects {
  /** Writes a text and a line break to stdout, which receives only the result of the command. */
  readonly print: (text: string) => void;
  /**
   * Writes a text and a line break to stderr, which receives all other text for a person. `heading` stands before the text, in
   * a colour if stderr takes colours.
   */
  readonly printToStderr: (text: string, heading?: Heading) => void;
  /** Writes a text to stderr that a person who wants quiet (-q) does not need. */
  readonly note: (text: string) => void;
  /** The command line that was called, as a person types it again to continue: without --fresh. */
  readonly commandLine: () => string;
  /** Width in characters of the terminal that shows stdout; null when there is none. */
  readonly columns: number | null;
}

/** The context that a program is given: the command line is known when it is called. */
export type GivenContext = Omit<Context, "commandLine">;

/** The coloured beginning of a line. The text is abtie's own, never one of a file or a server. */
export interface Heading {
  readonly colour: Colour;
  readonly text: string;
}

export type Colour = "red" | "yellow" | "green" | "gray";

/** Adds one command to the program. The action of the command calls `finish` with the exit status if that is not 0. */
export type AddCommand = (program: Command, context: Context, finish: (status: number) => void) => void;

/** Prints a result as JSON. */
export function printJson({ print }: Pick<Context, "print">, value: unknown): void {
  print(visibleInJson(JSON.stringify(value, null, 2)));
}
