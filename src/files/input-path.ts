import { resolve } from "node:path";

/** The path of standard input. */
export const STANDARD_INPUT = "/dev/stdin";

/**
 * Gives the path of a program that a person named, relative to a folder. A name without a slash is looked up in PATH, and stays as it
 * is; so does null, which stands for the usual program.
 */
export function programPath(folder: string, name: string | null): string | null {
  return name?.includes("/") === true ? resolve(folder, name) : name;
}

/** Gives the path of a file that a person named, relative to a folder; "-" is standard input. */
export function inputPath(folder: string, name: string): string {
  return name === "-" ? STANDARD_INPUT : resolve(folder, name);
}
