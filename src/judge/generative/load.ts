import type { DatedConfig } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { withTimeLimit } from "../../engine/client/time-limit.ts";
import type { ProbeInput } from "../../engine/dialects/dialect.ts";
import { AbtieError } from "../../errors.ts";
import { loadTemplate } from "../../prompt/template/template.ts";
import { loadTokenizer } from "../../prompt/tokenizer/local.ts";
import { type ServerText, serverTokenizer } from "../../prompt/tokenizer/server.ts";
import type { ChatSettings, Tokenizer } from "../../prompt/tokenizer/tokenizer.ts";
import type { Clock } from "../../types.ts";
import { checkTokenizers, nullIfRefused } from "../compare-tokenizers.ts";
import type { JudgeLoader } from "../judge.ts";
import { createTokenCaches, withTokenCache } from "../token-cache.ts";
import { createGenerativeJudge, type GenerativeJudge } from "./judge.ts";

/** A loader whose judges can also list their labels. */
export interface GenerativeLoader extends JudgeLoader {
  readonly open: (maxModelLen: number | null) => Promise<GenerativeJudge>;
}

/**
 * Context length in tokens that is assumed before the server runs, if neither the config nor the profile gives one.
 */
const ASSUMED_CONTEXT = 2048;

/** Loads template and tokenizer. Throws AbtieError("config") when one of them is missing or broken. */
export async function createGenerativeLoader(
  config: DatedConfig,
  dataset: Dataset,
  clock: Clock,
): Promise<GenerativeLoader> {
  const template = await loadTemplate(config.template, config.labels);
  const folder = config.engine.tokenizer;
  const settings: ChatSettings = { kwargs: config.engine.chatTemplateKwargs, date: config.date };
  const local = folder === null ? null : await loadTokenizer(folder, settings);
  const caches = createTokenCaches(config, dataset);
  const open = async (tokenizer: Tokenizer, maxModelLen: number | null): Promise<GenerativeJudge> => {
    const judge = await createGenerativeJudge({ config, template, tokenizer, dataset, maxModelLen });
    return withTokenCache(judge, await caches.openFor(judge));
  };
  return {
    template,
    local: local !== null,
    open: (maxModelLen) => {
      if (local === null) throw new Error("without a local tokenizer a judge opens with the server");
      return open(local, maxModelLen ?? config.engine.maxModelLen ?? ASSUMED_CONTEXT);
    },
    probe: async (server) => {
      const remote = serverTokenizer(local === null ? server : withinLimit(server, clock), settings, clock.now);
      if (local === null) {
        const judge = await open(remote, server.maxModelLen);
        return { judge, input: await probeInput(judge, dataset.ids.length) };
      }
      // Whoever tokenises, a row has the same prompt on the same server.
      const garbled = template.system === null ? false : await remote.garblesSystem().catch(nullIfRefused);
      const here = garbled === true ? local.with({ fold: true }) : local;
      const judge = await open(here, server.maxModelLen);
      const { budget } = judge;
      if (garbled !== null) {
        await checkTokenizers({ local: here, remote, template, budget, dataset, now: clock.now() });
      }
      return { judge, input: { ...(await probeInput(judge, dataset.ids.length)), textOf: local.textOf } };
    },
  };
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

/**
 * Gives the first row's prompt, extended by the tokens with which all labels begin. Labels such as "[[A]]" and "[[B]]"
 * begin with the same tokens, and a server can show how it returns alternatives only at a position where the labels
 * differ.
 */
async function probeInput(judge: GenerativeJudge, rows: number): Promise<ProbeInput> {
  const ids = await firstToSend(judge, rows);
  const fork = judge.resolved.probes.find((probe) => new Set(probe.ids).size > 1);
  if (fork === undefined) throw new Error("labels that differ part somewhere");
  return { prompt: [...ids, ...fork.suffix], ids: fork.ids };
}

/** Largest number of rows among which one is searched that may be sent. */
const SEARCHED = 100;

async function firstToSend(judge: GenerativeJudge, rows: number): Promise<readonly number[]> {
  let task = await judge.prepare(0, "ab", null);
  for (let row = 1; task.refusal !== null && row < Math.min(rows, SEARCHED); row++) {
    task = await judge.prepare(row, "ab", null);
  }
  if (task.refusal === null) return task.ids;
  throw new AbtieError("config", `no row can be sent: ${task.refusal}; use a template that does not change its texts.`);
}
