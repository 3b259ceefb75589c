import type { DatedConfig } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { withTimeLimit } from "../engine/client/time-limit.ts";
import type { ProbeInput } from "../engine/dialects/dialect.ts";
import { AbtieError } from "../errors.ts";
import { loadTemplate, type Template } from "../prompt/template/template.ts";
import type { PreparingThreads } from "../prompt/threads/threads.ts";
import { loadTokenizer } from "../prompt/tokenizer/local.ts";
import { type ServerText, serverTokenizer } from "../prompt/tokenizer/server.ts";
import type { ChatSettings, Tokenizer } from "../prompt/tokenizer/tokenizer.ts";
import type { Clock } from "../types.ts";
import { checkTokenizers, nullIfRefused } from "./compare-tokenizers.ts";
import type { Judge, JudgeLoader, JudgeServer, Task } from "./judge.ts";
import { createTokenCaches, withTokenCache } from "./token-cache.ts";

/** What every kind of judge is made of. */
interface JudgeParts {
  readonly template: Template;
  readonly tokenizer: Tokenizer;
  /** Context length in tokens; null when unknown. */
  readonly maxModelLen: number | null;
  readonly threads: PreparingThreads;
}

/** What distinguishes one kind of judge from another when it is loaded. */
export interface JudgeKind<J extends Judge> extends Pick<JudgeLoader, "hasMass"> {
  /** Makes the judge. */
  readonly create: (parts: JudgeParts) => Promise<J>;
  /** Gives what the server is probed with, from the prompt of a row that can be sent. */
  readonly probeInput: (judge: J, prompt: readonly number[]) => ProbeInput;
  /** Asks the server whether it can answer this judge, with a row that can be sent. Throws AbtieError when it cannot. */
  readonly prove?: (judge: J, first: Task, server: JudgeServer) => Promise<void>;
}

/** A loader of judges of one kind. */
export interface LoaderOf<J extends Judge> extends JudgeLoader {
  readonly open: (maxModelLen: number | null) => Promise<J>;
}

/**
 * Context length in tokens that is assumed before the server runs, if neither the config nor the profile gives one.
 */
const ASSUMED_CONTEXT = 2048;

/** Loads template and tokenizer. `threads` prepare the rows where they are ready. Throws AbtieError("config") when one of them is missing or broken. */
export async function createLoader<J extends Judge>(
  kind: JudgeKind<J>,
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
  threads: PreparingThreads,
): Promise<LoaderOf<J>> {
  const template = await loadTemplate(config.template, config.labels, dataset);
  if (config.cut === "right" && template.format !== "text") throw needsText(template);
  const folder = config.engine.tokenizer;
  const settings: ChatSettings = { kwargs: config.engine.chatTemplateKwargs, date: config.date };
  const local = folder === null ? null : await loadTokenizer(folder, settings, { share: threads.count > 0 });
  const caches = createTokenCaches(config, dataset);
  const open = async (tokenizer: Tokenizer, maxModelLen: number | null): Promise<J> => {
    const judge = await kind.create({ template, tokenizer, maxModelLen, threads });
    return withTokenCache(judge, await caches.openFor(judge));
  };
  const inputOf = async (judge: J, server: JudgeServer): Promise<ProbeInput> => {
    const first = await firstToSend(judge, dataset.ids.length);
    await kind.prove?.(judge, first, server);
    return kind.probeInput(judge, first.ids);
  };
  return {
    template,
    local: local !== null,
    hasMass: kind.hasMass,
    open: (maxModelLen) => {
      if (local === null) throw new Error("without a local tokenizer a judge opens with the server");
      return open(local, maxModelLen ?? config.engine.maxModelLen ?? ASSUMED_CONTEXT);
    },
    probe: async (server) => {
      const remote = serverTokenizer(local === null ? server : withinLimit(server, clock), settings, clock.now);
      if (local === null) {
        const judge = await open(remote, server.maxModelLen);
        return { judge, input: await inputOf(judge, server) };
      }
      // Whoever tokenises, a row has the same prompt on the same server.
      const garbled = template.system === null ? false : await remote.garblesSystem().catch(nullIfRefused);
      const here = garbled === true ? local.with({ fold: true }) : local;
      const judge = await open(here, server.maxModelLen);
      const { budget } = judge;
      if (garbled !== null) {
        await checkTokenizers({ local: here, remote, template, budget, dataset, now: clock.now() });
      }
      return { judge, input: { ...(await inputOf(judge, server)), textOf: local.textOf } };
    },
  };
}

function needsText({ path }: Template): AbtieError {
  return new AbtieError(
    "config",
    `\`cut: right\` cuts off the end of the prompt, and with it what ${path} writes there: take a template with "format: text", or \`cut: fair\`, which shortens both answers alike`,
  );
}

/** Time limit (ms) of a request that only checks the local tokenizer. A gateway may never answer it. */
const CHECK_MS = 5_000;

function withinLimit(server: ServerText, clock: Clock): ServerText {
  const limited = <T>(what: string, ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined) =>
    withTimeLimit({ clock, ms: CHECK_MS, signal, what }, ask);
  return {
    tokenize: (body, own) => limited("/tokenize", (signal) => server.tokenize(body, signal), own),
    detokenize: (ids, own) => limited("/detokenize", (signal) => server.detokenize(ids, signal), own),
  };
}

/** Largest number of rows among which one is searched that may be sent. */
const SEARCHED = 100;

async function firstToSend(judge: Judge, rows: number): Promise<Task> {
  let task = await judge.prepare(0, "ab", null);
  for (let row = 1; task.refusal !== null && row < Math.min(rows, SEARCHED); row++) {
    task = await judge.prepare(row, "ab", null);
  }
  if (task.refusal === null) return task;
  throw new AbtieError("config", `no row can be sent: ${task.refusal}; use a template that does not change its texts.`);
}
