import type { Config } from "../config/config.ts";
import { appendDatasets } from "../dataset/append-datasets.ts";
import { expectedLabels } from "../dataset/label-columns.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { sha256 } from "../files/hash.ts";
import { formatCount, plural } from "../format.ts";
import { openRows } from "../job/open-rows.ts";

/** The rows of all files of a job, as one dataset. */
export interface AllRows extends AsyncDisposable {
  readonly dataset: Dataset;
  readonly dropped: Readonly<Record<string, number>>;
}

interface Further {
  readonly extra: readonly string[];
  readonly teacher: string | null;
}

const KNOWN_PROMPT = "its prompt is in an earlier file";

/**
 * Opens the input of a job and the further files, and appends these without the rows whose prompt an earlier file has. Throws
 * AbtieError("data") like openRows, and when a file has no labels and no run gives the targets instead.
 */
export async function openAllRows(
  config: Config,
  { extra, teacher }: Further,
  { signal, log }: Pick<Effects, "signal" | "log">,
): Promise<AllRows> {
  const opened: Dataset[] = [];
  const close = async (): Promise<void> => {
    for (const dataset of opened) await dataset[Symbol.asyncDispose]();
  };
  try {
    for (const input of [config.input, ...extra]) opened.push(await openRows({ ...config, input }, signal, log));
    const unlabelled = opened.find(({ truth }) => truth === null);
    if (unlabelled !== undefined && teacher === null) throw withoutLabels(unlabelled.path, config);
    const [first] = opened;
    if (first === undefined) throw new Error("a job has an input");
    if (opened.length === 1) return { dataset: first, dropped: {}, [Symbol.asyncDispose]: close };
    // With a teacher, labels of some files alone are not used.
    const parts = opened.map((part) => ({ ...part, truth: unlabelled === undefined ? part.truth : null }));
    const { files: _files, leftOut, ...appended } = appendDatasets(parts);
    for (const [index, rows] of leftOut.entries()) {
      if (index > 0)
        log(
          "info",
          `${opened[index]?.path}: ${plural(rows, "row")} of ${formatCount(opened[index]?.ids.length ?? 0)} left out, because an earlier file has the prompt`,
        );
    }
    const joined = sha256(opened.map((part) => part.sha256).join(" "));
    const total = leftOut.reduce((sum, rows) => sum + rows);
    return {
      dataset: { ...first, ...appended, sha256: joined },
      dropped: total === 0 ? {} : { [KNOWN_PROMPT]: total },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function withoutLabels(path: string, config: Config): AbtieError {
  return new AbtieError(
    "data",
    `${path} has no labels to train on: ${expectedLabels(config)}. Name its columns under \`columns\`, or a run whose probabilities are to be learned with --teacher`,
  );
}
