import { resolve } from "node:path";

/** Gives the path of a file that a person named, relative to a folder; "-" is standard input. */
export function inputPath(folder: string, name: string): string {
  return name === "-" ? "/dev/stdin" : resolve(folder, name);
}
