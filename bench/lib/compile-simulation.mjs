// Compiles the simulation of whole jobs with tsc.
import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Compiles the simulation; returns the folder. */
export function compileSimulation() {
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/job-simulation/${basename(root)}`, import.meta.url));
  execFileSync("npx", ["tsc", "-p", "bench/job-simulation.tsconfig.json", "--outDir", folder], {
    cwd: root,
    stdio: "inherit",
  });
  return folder;
}
