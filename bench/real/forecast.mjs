// Runs abtie bench on a sample, then the run that it forecast.
import { spawn } from "node:child_process";
import { MAIN } from "../lib/job.mjs";
import { output } from "../lib/processes.mjs";
import { runAbtie } from "./abtie.mjs";

/** Returns the seconds of scoring that bench forecast, without its start-up, and the seconds that the run then took. */
export async function runForecast({ folder }, url) {
  const child = spawn(process.execPath, [MAIN, "bench", "job.yaml", "--json", "--sample", "60", "--base-url", url], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { forecast, verdict } = JSON.parse(await output(child, "abtie bench"));
  const { seconds } = await runAbtie({ folder }, url);
  return { expected: (forecast.time.value - forecast.startUpMs) / 1000, took: seconds, verdict };
}
