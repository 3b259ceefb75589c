// Plants faults into a copy of the compiled code, one at a time, and prints the first simulated job that finds each:
//   node bench/planted-faults.mjs [--most 1000] [--only "recorded twice"] [--compiled FOLDER]
// Prints the table of docs/simulation.md. A fault is a text of the compiled code and what replaces it; a text that is no longer
// there is an error, so that no fault is left out unseen. --compiled: see bench/simulate.mjs. Exits with 1 if a fault is not
// found in the seeds from 1 to --most.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { compileSimulation } from "./lib/compile-simulation.mjs";

/** Each fault: what is wrong, and for each file of src the texts that are replaced. */
const FAULTS = [
  [
    "the submission is written in place, without a temporary file and a rename",
    "files/atomic.js",
    [/const temporary = join\(.*;/, "const temporary = target;"],
    ['"wx"', '"w"'],
    ["await disk.rename(temporary, target);", ""],
  ],
  ["no sync of the content before the rename", "files/atomic.js", ["await file.sync();", ""]],
  [
    "an answer is recorded twice",
    "job/recorder.js",
    [/record\(answerEvent\((.*)\)\);/, "record(answerEvent($1)); record(answerEvent($1));"],
  ],
  [
    "no checkpoint of the journal before the submission",
    "job/publisher.js",
    ["() => options.journal.checkpoint();", "async () => {};"],
  ],
  [
    "a retried request is counted twice",
    "job/recorder.js",
    [/(if \(attempt\?\.ok === false\) \{)/, "$1 counts.requests += 1;"],
  ],
  [
    "answered rows are asked again by a resumed run",
    "job/planner.js",
    [/answered: \[\.\.\.tokens\.keys\(\)\]\.filter\(.*\),/, "answered: [],"],
  ],
  ["the name of a new run folder is not synced", "files/folder.js", ["await syncFolder(dirname(folder), disk);", ""]],
  [
    "the end of work is missed by the time of publishing",
    "deadline/budget.js",
    ["workEndAt: deadlineAt - reserve,", "workEndAt: deadlineAt - beforeDeadline,"],
  ],
  [
    "the time limit of an engine that is back stays",
    "pool/replaceable-engine.js",
    [/(signal\.removeEventListener\("abort", end\);)\s*end\(\);/, "$1"],
  ],
  [
    "nobody waits for the first of two locks",
    "runfolder/run-locks.js",
    ["await allEnded(paths.map(lock));", "await Promise.all(paths.map(lock));"],
  ],
  [
    "an error ends a run while other looks at files go on",
    "files/refuse-overwrite.js",
    ["await allEnded(writes.map(", "await Promise.all(writes.map("],
  ],
  [
    "a resumed run ignores the torn last line",
    "runfolder/journal/open-file.js",
    ["const size = await endOfLastLine(file, found);", "const size = found;"],
  ],
  [
    // Two checks: when the engine is opened again, and before its first request.
    "another model is used when a server comes back",
    "pool/pool.js",
    [/refuse: \(engine\) => otherModel\(.*\),/, "refuse: () => null,"],
    [/differs: \(listed\) => otherModel\(.*\),/, "differs: () => null,"],
  ],
  [
    "the lines of a killed process are not synced before they are published",
    "runfolder/journal/append.js",
    ["let unsynced = size > 0;", "let unsynced = false;"],
  ],
  [
    "a process that lost its lock goes on writing",
    "runfolder/run-locks.js",
    ["disk: fenceDisk(disk, ensure),", "disk,"],
    ["lost.abort(taken.lost.reason)", "undefined"],
  ],
];

async function main() {
  const { values } = parseArgs({
    options: {
      most: { type: "string", default: "1000" },
      only: { type: "string", default: "" },
      compiled: { type: "string" },
    },
  });
  const compiled = values.compiled === undefined ? compileSimulation() : resolve(values.compiled);
  const planted = `${compiled}-planted`;
  console.log("| planted fault | seed |\n|---|---|");
  for (const [index, [name, file, ...changes]] of FAULTS.entries()) {
    if (!name.includes(values.only)) continue;
    const folder = `${planted}-${index}`;
    cpSync(compiled, folder, { recursive: true, verbatimSymlinks: true });
    plant(`${folder}/src/${file}`, changes);
    const seed = await firstSeed(folder, Number(values.most));
    console.log(`| ${name} | ${seed ?? `none to ${values.most}`} |`);
    if (seed === null) process.exitCode = 1;
    rmSync(folder, { recursive: true });
  }
}

function plant(file, changes) {
  let text = readFileSync(file, "utf8");
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    if (changed === text)
      throw new Error(`${file} does not hold ${from}: correct the fault in bench/planted-faults.mjs`);
    text = changed;
  }
  writeFileSync(file, text);
}

async function firstSeed(folder, most) {
  const { simulateJob } = await import(pathToFileURL(`${folder}/test/simulator/job/simulate-job.js`).href);
  for (let seed = 1; seed <= most; seed += 1) {
    const { violations } = await simulateJob(seed);
    if (violations.length > 0) return seed;
  }
  return null;
}

await main();
