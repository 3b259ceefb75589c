import type { ProbeInput } from "../engine/capabilities/choose-dialect.ts";
import type { Engine } from "../engine/engine.ts";
import type { Template } from "../prompt/template/template.ts";
import type { TokenizeBody } from "../prompt/tokenizer/server.ts";
import type { Order, Reading } from "../types.ts";

/**
 * Turns rows into tasks, and tasks into readings. The scoring job, the pool of engines, the bench and the comparison rely on
 * this interface alone; `generative/` implements it for models that answer with text.
 */
export interface Judge {
  /** Prompt tokens that a row may take; a longer row is shortened to fit. */
  readonly budget: number;
  /** The label texts and the tokens that stand for them, in one line for a person. */
  readonly labels: string;
  /** Hash of everything in the judge that decides the token ids of a row, but for the data and the tokenizer. */
  readonly promptHash: string;
  /** The scorer of almost every task; a row that needs its own has it in its task. */
  readonly scorer: Scorer;
  /**
   * Prepares a row within a token budget; null stands for the judge's own. Throws AbtieError("data") when the data file has
   * changed, AbtieError("config") when the template cannot be rendered, a RequestError when the server is the tokenizer.
   */
  readonly prepare: (row: number, order: Order, tokenBudget: number | null) => Promise<Task>;
  /** Renders the prompt of a row as text, for a person. */
  readonly show: (row: number, order: Order) => Promise<string>;
}

/** A row with its answers in one order, as a prompt that is ready to be sent. */
export interface Task {
  /** Index of the row in the file, counted from 0. */
  readonly row: number;
  readonly order: Order;
  /** The prompt tokens that the caller of `prepare` allowed; null for the budget of the judge. */
  readonly tokenBudget: number | null;
  /** Token ids of the prompt as they are sent. */
  readonly ids: readonly number[];
  /** Tokens of the row's texts that were cut so that the prompt fits. */
  readonly cutTokens: number;
  /** Control tokens in the row's texts that were broken up, so that the model reads them as plain text. */
  readonly neutralised: number;
  readonly scorer: Scorer;
  /** With a salt, the server reuses computed prefixes only from requests with the same one. Equal in all tasks of a batch. */
  readonly cacheSalt?: string;
}

/** Asks a server about prompts and reads its answers. Tasks that have the same scorer share requests. */
export interface Scorer {
  /** Gives one reading for each task, in their order. Throws a RequestError, or the signal's reason when it aborts. */
  readonly score: (
    engine: Pick<Engine, "score">,
    tasks: readonly Task[],
    signal: AbortSignal,
  ) => Promise<readonly Reading[]>;
}

/** Scores a batch of tasks, which may come from several judges. Gives the readings in the order of the tasks. */
export async function scoreBatch(
  engine: Pick<Engine, "score">,
  batch: readonly Task[],
  signal: AbortSignal,
): Promise<readonly Reading[]> {
  const scorers = [...new Set(batch.map(({ scorer }) => scorer))];
  const scored = await Promise.all(
    scorers.map(async (scorer) => {
      const tasks = batch.filter((task) => task.scorer === scorer);
      const readings = await scorer.score(engine, tasks, signal);
      return tasks.map((task, index) => [task, readings[index]] as const);
    }),
  );
  const byTask = new Map(scored.flat());
  return batch.map((task) => {
    const reading = byTask.get(task);
    if (reading === undefined) throw new Error("every task of a batch is scored");
    return reading;
  });
}

/** The part of a running server that a judge is made with. */
export interface JudgeServer {
  readonly tokenize: (body: TokenizeBody) => Promise<number[]>;
  /** Context length in tokens; null when the server does not report it. */
  readonly maxModelLen: number | null;
}

/**
 * Makes the judge of a config: before the server is up, so that mistakes are found early, and again for each server, whose
 * context length limits the prompts.
 */
export interface JudgeLoader {
  readonly template: Template;
  /** True when the tokenizer files of the model are at hand, so that no server is needed to tokenise. */
  readonly local: boolean;
  /** Makes the judge without a server. Null takes the context length of the config. Expects `local`. */
  readonly open: (maxModelLen: number | null) => Promise<Judge>;
  /**
   * Makes the judge for a running server, and the question with which the engine finds out how this server gives label
   * probabilities. Throws AbtieError("engine") when the server's tokenizer gives other tokens than the local one.
   */
  readonly probe: (server: JudgeServer) => Promise<{ readonly judge: Judge; readonly input: ProbeInput }>;
}
