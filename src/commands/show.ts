import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { USUAL_PROFILES } from "../config/engine.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { createJudgeLoader } from "../job/load-judge.ts";
import { openRows } from "../job/open-rows.ts";
import { pinDate } from "../job/pin-date.ts";
import { composePrompt, describePrompt } from "../prompt/compose.ts";
import { loadTemplate, type Template } from "../prompt/template/template.ts";
import { pairTurns, viewConversation } from "../prompt/template/variables.ts";
import type { Order } from "../types.ts";

export interface ShowOptions {
  /** The row: its number in the file, counted from 1, or its id; or a text that is either, first a number. */
  readonly row: { readonly number: number } | { readonly id: string } | { readonly either: string };
  readonly order: Order;
}

/** The prompt of one row, and what is known of its tokens. */
export interface RowPrompt {
  readonly row: number;
  readonly id: string;
  readonly order: Order;
  readonly template: string;
  /** The messages of the prompt with their roles, and the beginning of the answer. */
  readonly text: string;
  /** What the tokenizer shows; null when the model's tokenizer is not on this machine. */
  readonly tokens: {
    /** Number of prompt tokens, those that were cut, and the most that a prompt may have. */
    readonly prompt: number;
    readonly cut: number;
    readonly budget: number;
    /** Number of control tokens in the row's texts that were broken up. */
    readonly neutralised: number;
    /** The label texts and the tokens of each. */
    readonly labels: string;
  } | null;
}

/**
 * Renders the prompt of one row. Asks no server: without the model's tokenizer on this machine, the prompt is rendered
 * whole and its tokens are not counted. Throws AbtieError: config, data (also when there is no such row).
 */
export async function show(written: Config, options: ShowOptions, effects: Effects): Promise<RowPrompt> {
  const config = await pinDate(written, [written.runFolder], effects);
  await using dataset = await openRows(config, effects.signal, effects.log);
  const row = findRow(dataset, options.row);
  const { order } = options;
  const about = { row: row + 1, id: dataset.ids[row] ?? "", order };
  if (await lacksTokenizer(config)) {
    const template = await loadTemplate(config.template, config.labels, dataset);
    return { ...about, template: template.name, text: await renderWhole(dataset, row, order, template), tokens: null };
  }
  const loader = await createJudgeLoader(config, dataset, effects.clock);
  const judge = await loader.open(null);
  const task = await judge.prepare(row, order, null);
  return {
    ...about,
    template: loader.template.name,
    text: await judge.show(row, order),
    tokens: {
      prompt: task.ids.length,
      cut: task.cutTokens,
      budget: judge.budget,
      neutralised: task.neutralised,
      labels: judge.labels,
    },
  };
}

/** The tokenizer of an engine that nobody chose may not be installed yet; one that a person named must be there. */
async function lacksTokenizer({ engine }: Config): Promise<boolean> {
  if (engine.tokenizer === null) return true;
  return USUAL_PROFILES.includes(engine.name) && !(await exists(join(engine.tokenizer, "tokenizer.json")));
}

function findRow({ ids, path }: Pick<Dataset, "ids" | "path">, wanted: ShowOptions["row"]): number {
  if ("either" in wanted) {
    const { either } = wanted;
    const number = /^\d+$/.test(either) ? Number(either) : Number.NaN;
    const row = number >= 1 && number <= ids.length ? number - 1 : ids.indexOf(either);
    if (row !== -1) return row;
    throw new AbtieError(
      "data",
      `${path} has no row ${either}: its rows are numbered from 1 to ${ids.length}, and no row has that id`,
    );
  }
  if ("id" in wanted) {
    const row = ids.indexOf(wanted.id);
    if (row === -1)
      throw new AbtieError(
        "data",
        `${path} has no row with the id ${JSON.stringify(wanted.id)}: give an id of the file, or the number of a row with --row`,
      );
    return row;
  }
  if (wanted.number >= 1 && wanted.number <= ids.length) return wanted.number - 1;
  throw new AbtieError("data", `${path} has no row ${wanted.number}: its rows are numbered from 1 to ${ids.length}`);
}

async function renderWhole(dataset: Dataset, row: number, order: Order, template: Template): Promise<string> {
  const turns = pairTurns(await dataset.read(row), template.nullTurn);
  return describePrompt(composePrompt(template, viewConversation({ turns, dropped: 0 }, order, template.labels), ""));
}
