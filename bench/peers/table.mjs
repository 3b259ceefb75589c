// The table of the peers from their measurements.
import { markdown } from "../lib/processes.mjs";

const OWN = "abtie run";

/**
 * Prints a line for each tool and kind of job: medians of the rounds, and the median ratio to abtie of the same round. Only measurements
 * whose whole head is the same are of one group: `job` is a hash of model, prompts and labels; lines of before it was written are compared
 * within their session alone. A ratio needs both tools in the same round of the same session.
 */
export function printTable(lines) {
  const groups = groupBy(lines, titleOf);
  const table = [];
  for (const [title, group] of groups) {
    const own = new Map(group.filter(({ tool }) => tool === OWN).map((line) => [roundOf(line), line]));
    for (const [tool, runs] of groupBy(group, (line) => line.tool)) {
      const ratio = (key) => {
        const both = runs.filter((run) => own.has(roundOf(run)) && run[key] != null);
        return tool === OWN ? "1" : fixed(median(both.map((run) => run[key] / own.get(roundOf(run))[key])), 2);
      };
      const of = (key, digits = 1) =>
        fixed(median(runs.map((run) => run[key]).filter((value) => value != null)), digits);
      const speed = median(runs.filter(({ scoring }) => scoring !== null).map(({ rows, scoring }) => rows / scoring));
      const largest = Math.max(...runs.map((run) => run.largest ?? Number.NaN));
      const missing = Math.max(...runs.map((run) => run.missing ?? Number.NaN));
      table.push([
        title,
        tool,
        String(runs.length),
        runs.map((run) => fixed(run.file, 1)).join(", "),
        ratio("file"),
        ratio("end"),
        fixed(speed, 2),
        ratio("scoring"),
        of("cpu"),
        ratio("cpu"),
        of("first"),
        of("peakMb", 0),
        Number.isFinite(largest) ? largest.toExponential(1) : "",
        Number.isNaN(missing) ? "" : String(missing),
      ]);
    }
  }
  markdown([
    [
      "rounds",
      "tool",
      "n",
      "s from command to file",
      "its time / abtie's",
      "the same, to the end of the process",
      "rows/s of scoring",
      "its scoring time / abtie's",
      "CPU s of all its processes",
      "its CPU / abtie's",
      "s to the first result on the disk",
      "peak memory, MB",
      "largest difference of a log probability",
      "rows without all three",
    ],
    ...table,
  ]);
}

/** Two groups have two titles. What an earlier line does not have is left out. */
function titleOf({ kind, cache, model, dtype, maxModelLen, args = "", rows, tokens, job, session }) {
  const limit = maxModelLen === undefined ? "" : `at most ${maxModelLen} tokens`;
  const engine = [model, dtype, limit, args].filter((part) => part !== undefined && part !== "").join(" ");
  const parts = [
    kind,
    engine,
    cache === undefined ? "" : `prefix cache ${cache}`,
    tokens === undefined ? `${rows} rows` : `${rows} rows of ${(tokens / rows).toFixed(1)} tokens`,
    job === undefined ? `session ${session ?? "unknown"}` : `job ${job}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Rounds of two sessions may have the same number. */
function roundOf({ session, round }) {
  return JSON.stringify([session, round]);
}

function groupBy(lines, keyOf) {
  const groups = new Map();
  for (const line of lines) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return groups;
}

function fixed(value, digits) {
  return value === null || value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits);
}

function median(list) {
  if (list.length === 0) return null;
  const sorted = [...list].sort((one, other) => one - other);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
