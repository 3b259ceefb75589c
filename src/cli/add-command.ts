import type { Command } from "commander";
import type { Context } from "./context.ts";

/** What a command is added with: the program, the world, and where it puts its exit status. */
export type AddCommand = (program: Command, context: Context, finish: (status: number) => void) => void;
