import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { sha256 } from "../../files/hash.ts";
import { decisionText, optionOrders, type Prompt } from "../../prompt/compose.ts";
import type { Template } from "../../prompt/template/template.ts";
import { classesOfLabels } from "../../prompt/template/variables.ts";
import type { PreparingThreads } from "../../prompt/threads/threads.ts";
import type { Tokenizer } from "../../prompt/tokenizer/tokenizer.ts";
import type { Order } from "../../types.ts";
import { inspectPrompt } from "../inspect.ts";
import type { Judge } from "../judge.ts";
import { describeMarkers, longestPrompt } from "../limits.ts";
import { createRowPrompts } from "../row-prompts.ts";
import { createDecisionPages, type DecisionPage, type DecisionPages } from "./pages.ts";
import { createDecisionScorer, type DecisionQuestion, decisionBody, decisionInput } from "./score.ts";

/** A judge whose prompt and reading are the server's: a structured decision with one state and one question. */
export interface DecisionJudge extends Judge {
  /** The token ids of the letters behind the prompt, in the order in which the options are asked for first. */
  readonly letters: readonly number[];
  /** The pages on which servers are asked. */
  readonly pages: DecisionPages;
  /** Gives the body of a request with the question in the first order alone, and the number of tokens that its prompt has here. */
  readonly firstQuestion: (
    page: DecisionPage,
    row: number,
    order: Order,
  ) => Promise<{ readonly body: Readonly<Record<string, unknown>>; readonly tokens: number }>;
}

/** Tokens that stay free: one for the answer, one as a margin, and some because the other order of the options may need more. */
const MARGIN_TOKENS = 16;

/**
 * Makes a judge of structured decisions. The prompt that the server will write is written here too, so that rows are packed to the
 * token, and its tokens are compared with those that the server counts. Throws AbtieError("config") when the context length is
 * unknown.
 */
export async function createDecisionJudge(options: {
  config: Pick<Config, "context" | "engine">;
  template: Template;
  tokenizer: Tokenizer;
  dataset: Dataset;
  threads: PreparingThreads;
  /** Context length of the server in tokens; null when unknown. */
  maxModelLen: number | null;
}): Promise<DecisionJudge> {
  const { config, template, tokenizer, dataset, threads } = options;
  const budget = longestPrompt(config, options.maxModelLen, MARGIN_TOKENS);
  const prompts = createRowPrompts({ template, tokenizer, budget, dataset, threads });
  const question: DecisionQuestion = { template, kwargs: config.engine.chatTemplateKwargs };
  const plainTurns = describeMarkers(template, await tokenizer.control([]));
  const encode = await prompts.encoderFor(0, "ab", null);
  const prompt = await encode("");
  const classes = classesOfLabels(template.labels);
  // The server letters the options by position.
  const letters = await Promise.all(
    classes.map(async (_, at) => (await encode(String.fromCodePoint(0x41 + at)))[prompt.length] ?? 0),
  );
  const pages = createDecisionPages();
  // A task has the text of its own row, so it has a scorer of its own; this one scores none.
  const scorer = createDecisionScorer(question, "", pages);
  return {
    letters,
    pages,
    budget,
    labels: classes.map((name) => `${name} = option ${JSON.stringify(template.labels[name]?.[0])}`).join(", "),
    unequalLabels: null,
    plainTurns,
    doubts: [],
    promptHash: sha256(JSON.stringify(["decision", template.sha256, template.labels, budget, tokenizer.settingsKey])),
    scorer,
    prepare: async (index, order, tokenBudget) => {
      const { task, prompt } = await prompts.prepareText(index, order, tokenBudget);
      return { ...task, scorer: createDecisionScorer(question, stateOf(prompt, template), pages) };
    },
    firstQuestion: async (page, index, order) => {
      const { task, prompt } = await prompts.prepareText(index, order, null);
      const state = stateOf(prompt, template);
      const [first] = optionOrders(template);
      const body = decisionBody(page, question, state, [first]);
      if (page === "/v1/systemone") return { body, tokens: task.ids.length };
      // The options are written as JSON there.
      const content = `${decisionInput(template, state)}\n\n${decisionText(template, first, JSON.stringify)}`;
      return { body, tokens: (await tokenizer.encodeChat([{ role: "user", content }], "")).length };
    },
    show: prompts.show,
    inspect: (index, order) =>
      inspectPrompt({
        tokenizer,
        isChat: true,
        prepare: (other) => prompts.idsWith(other, index, order),
        toSend: (ids) => ids,
        labels: async () => [],
      }),
  };
}

/** Takes the state out of a prompt: what stands before the question in the user's message. */
function stateOf(prompt: Prompt, template: Template): string {
  const content = prompt.format === "chat" ? prompt.messages.at(-1)?.content : undefined;
  const end = `\n\n${decisionText(template, optionOrders(template)[0])}`;
  if (content === undefined || !content.endsWith(end)) throw new Error("a decision's prompt ends with its question");
  return content.slice(0, -end.length);
}
