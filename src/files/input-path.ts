import { resolve } from "node:path";

/** The path of standard input. */
export const STANDARD_INPUT = "/dev/stdin";

/** Gives the path of a file that a person named, relative to a folder; "-" is standard input. */
export function inputPath(folder: string, name: string): string {
  return name === "-" ? STANDARD_INPUT : resolve(folder, name);
}
