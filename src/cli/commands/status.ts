import { resolve } from "node:path";
import type { RunStatus, RunsStatus } from "../../commands/status.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, type Context, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";

interface StatusFlags {
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** Time between two looks at a run that is watched, ms. */
const LOOK_MS = 2_000;
/** Pause after a look, in times that the look took. */
const SHARE_OF_PAUSE = 9;

/** Adds `abtie status`. */
export const addStatus: AddCommand = (program, context) => {
  const command = program
    .command("status")
    .summary("tell how far a run is, while it goes on or afterwards")
    .description(
      "Reads the folder of a run and prints its state, rows, speed, forecast, label mass and verdicts; of a comparison or of shards, those of each run. It takes no lock and changes nothing," +
        " so that it can be called at any time, beside a run or after a crash.",
    )
    .argument("<run>", "folder of a run, of a comparison, or of shards")
    .option("--watch", "look again every two seconds, of a long run more rarely, until the run ends")
    .addOption(jsonOption())
    .action(async (run: string, { watch = false, json = false }: StatusFlags) => {
      const { readFolderStatus } = await import("../../commands/status.ts");
      const { renderRunsStatus, renderStatus, statusLines } = await import("../render/status.ts");
      const { clock, signal, progress, print } = context;
      if (watch) await waitForRun(run, context);
      let lookedAt = clock.monotonic();
      let status = await readFolderStatus(run, context);
      while (watch && runsOf(status).some(goesOn)) {
        const { done, total, text, shorter } = statusLines(runsOf(status), clock.now());
        progress({ stage: "score", done, total, text, shorter: [shorter] });
        await clock.sleep(pauseAfterLook(clock.monotonic() - lookedAt), signal);
        lookedAt = clock.monotonic();
        status = await readFolderStatus(run, context);
      }
      if (json) printJson(context, status);
      else if ("runs" in status) print(renderRunsStatus(status, context.columns));
      else print(renderStatus(status, clock.now()));
    });
  command.addHelpText(
    "after",
    examples([
      "abtie status runs/job",
      ["abtie status runs/job --watch", "one line that follows the run"],
      ["abtie status runs/compared", "a line for each variant of a comparison"],
      "abtie status runs/job --json",
    ]),
  );
};

/** A look reads the whole journal: the pause (ms) after one that took `lookMs` leaves it at most a tenth of the time. */
export function pauseAfterLook(lookMs: number): number {
  return Math.max(LOOK_MS, SHARE_OF_PAUSE * lookMs);
}

/** Waits until the folder holds a run, because a person may look before it has begun. A folder that holds others is no reason to wait. */
async function waitForRun(run: string, { cwd, clock, signal, note }: Context): Promise<void> {
  const { holdsRun } = await import("../../runfolder/load-run-folder.ts");
  const folder = resolve(cwd, run);
  if (await holdsRun(folder)) return;
  note(`waiting for a run in ${folder}; Ctrl-C ends the wait`);
  while (!(await holdsRun(folder))) await clock.sleep(LOOK_MS, signal);
}

function runsOf(status: RunStatus | RunsStatus): readonly RunStatus[] {
  return "runs" in status ? status.runs : [status];
}

function goesOn({ state }: RunStatus): boolean {
  return state === "running" || state === "starting";
}
