import { dirname, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { namedColumns, type WrittenColumns, writtenColumns } from "../config/columns.ts";
import { deadlineProblem } from "../config/deadline.ts";
import { usualRunFolder } from "../config/normalize.ts";
import { outputFormOf, refuseOtherEnd, usualOutputName } from "../config/output.ts";
import { type Dataset, openDataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { scriptOf } from "../evaluate/script-of.ts";
import { writeAtomic } from "../files/atomic.ts";
import { inputPath } from "../files/input-path.ts";
import { refuseExisting } from "../files/refuse-existing.ts";
import { OTHER_PATH } from "../job/job-files.ts";
import { classPrior } from "../metrics/class-prior.ts";
import { quantiles } from "../numbers/quantile.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { sum } from "../numbers/sums.ts";
import { refuseOutputs } from "../runfolder/refuse-outputs.ts";
import type { PerClass } from "../types.ts";

export interface InitOptions {
  /** The file with the rows. */
  readonly input: string;
  /** The config to write. */
  readonly output: string;
  /** Address of a running server; null: the config starts the small model that `abtie setup` installs. */
  readonly baseUrl: string | null;
  /** Hard end of the job, for example 9h; null for none. */
  readonly deadline: string | null;
  /** Names of columns that differ from the usual ones. */
  readonly columns?: WrittenColumns;
  readonly force: boolean;
}

/** What a file of rows contains, and the config that was written for it. */
export interface InitResult {
  readonly input: string;
  readonly config: string;
  /** The submission that a run with this config writes. */
  readonly submission: string;
  readonly rows: number;
  /** Shares of the classes in the labels, without a tie when no label is one; null without labels. */
  readonly labels: PerClass | null;
  /** The columns with the labels. */
  readonly labelColumns: readonly string[];
  /** Sentences about the columns. */
  readonly notes: readonly string[];
  /** Number of turns of a row, from a sample: the median and the most. */
  readonly turns: { readonly median: number; readonly most: number };
  /** Characters of a row, from a sample: the median and the 95th percentile. */
  readonly characters: { readonly median: number; readonly p95: number };
  /** Shares of the language scripts, from a sample, the largest first. */
  readonly scripts: readonly { readonly script: string; readonly share: number }[];
}

/** The shares of the classes in fewer labelled rows are too uncertain for a prior. */
const PRIOR_ROWS = 200;
/** Number of rows that are read to describe the texts. */
const SAMPLE_ROWS = 200;

/**
 * Looks at a file of rows and writes a config to start from. Throws AbtieError("config") when the config exists, unless
 * `force` is set, or when no run would take the deadline, and AbtieError("data") when the rows cannot be read.
 */
export async function init(
  options: InitOptions,
  effects: Pick<Effects, "cwd" | "signal" | "disk">,
): Promise<InitResult> {
  const input = inputPath(effects.cwd, options.input);
  const config = resolve(effects.cwd, options.output);
  const files = {
    reads: [{ role: "the input", path: input }],
    writes: [{ role: "the config", path: config, remedy: OTHER_PATH }],
  };
  await refuseOutputs(files, effects.disk);
  refuseOtherEnd(config, "the config", ["yaml", "yml"]);
  refuseDeadline(options.deadline);
  await using dataset = await openDataset(input, {
    columns: namedColumns(options.columns ?? {}),
    signal: effects.signal,
  });
  const described = await describe(dataset);
  const labels = labelShares(dataset);
  await writeConfig(
    config,
    configText(options, { from: options.input === "-" ? "-" : relative(dirname(config), input), labels, dataset }),
    options.force,
    effects,
  );
  return {
    input,
    config,
    submission: resolve(dirname(config), usualRunFolder(config), usualOutputName(outputFormOf({}))),
    rows: dataset.ids.length,
    notes: notesOf(dataset),
    labels,
    labelColumns: dataset.labelColumns,
    ...described,
  };
}

function refuseDeadline(deadline: string | null): void {
  const problem = deadline === null ? null : deadlineProblem(deadline);
  if (problem !== null) throw new AbtieError("config", `--deadline ${problem}`);
}

function notesOf({ notes, slips }: Dataset): readonly string[] {
  return [...notes, ...slips.map(({ finding, remedy }) => `${finding}; ${remedy}`)];
}

async function describe(dataset: Dataset): Promise<Pick<InitResult, "turns" | "characters" | "scripts">> {
  const rows = await Promise.all(spreadSample(dataset.ids.length, SAMPLE_ROWS).map(dataset.read));
  const texts = rows.map(({ prompts, responsesA, responsesB }) =>
    [...prompts, ...responsesA, ...responsesB].filter((turn) => turn !== null),
  );
  const turns = rows.map(({ prompts }) => prompts.length);
  const [median = 0, p95 = 0] = quantiles(
    texts.map((all) => sum(all.map((text) => text.length))),
    [0.5, 0.95],
  );
  const scripts = new Map<string, number>();
  for (const all of texts) {
    const script = scriptOf(all);
    scripts.set(script, (scripts.get(script) ?? 0) + 1 / texts.length);
  }
  return {
    turns: { median: quantiles(turns, [0.5])[0] ?? 0, most: Math.max(...turns) },
    characters: { median, p95 },
    scripts: [...scripts].map(([script, share]) => ({ script, share })).sort((one, other) => other.share - one.share),
  };
}

/** A file in which no label is a tie gets a config whose judge knows none. */
function labelShares({ truth }: Dataset): PerClass | null {
  if (truth === null) return null;
  const shares = classPrior(truth);
  const [a, b, tie] = shares;
  return tie === 0 ? [a, b] : shares;
}

function configText(
  options: InitOptions,
  { from, labels, dataset }: { from: string; labels: InitResult["labels"]; dataset: Dataset },
): string {
  const engine =
    options.baseUrl === null
      ? "engine: cpu-smollm2          # the small model of `abtie setup`; for your own server: {attach: http://127.0.0.1:8000}"
      : `engine: ${JSON.stringify({ attach: options.baseUrl })}`;
  const time =
    options.deadline === null
      ? "# time: {deadline: 9h}       # the submission is complete by then, whatever happens"
      : `time: ${JSON.stringify({ deadline: options.deadline })}`;
  const prior =
    labels === null || dataset.ids.length < PRIOR_ROWS
      ? []
      : [
          `prior: [${labels.map((share) => share.toFixed(4)).join(", ")}]   # shares of ${labels.length === 2 ? "A and B" : "A, B and tie"} in the labels`,
        ];
  const template =
    labels?.length === 2
      ? "template: pairs              # no label is a tie, so the judge knows none either; rules (with a tie) is the other way"
      : "template: rules              # `abtie templates` lists the others; or a file of your own that ends in .jinja";
  const columns = writtenColumns(dataset.foundColumns);
  return `${[
    stringify({ input: from }).trimEnd(),
    ...(Object.keys(columns).length === 0 ? [] : [stringify({ columns }).trimEnd()]),
    ...notesOf(dataset).map((note) => `# ${note}`),
    template,
    engine,
    ...prior,
    time,
  ].join("\n")}\n`;
}

async function writeConfig(path: string, text: string, force: boolean, { disk }: Pick<Effects, "disk">): Promise<void> {
  await refuseExisting(path, { force, disk });
  await writeAtomic(path, text, disk);
}
