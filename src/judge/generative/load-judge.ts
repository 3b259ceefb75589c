import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { Dataset } from "../../dataset/open-dataset.ts";
import { compareTokenization } from "../../engine/compare-tokenization.ts";
import type { ProbeInput, TokenizeBody } from "../../engine/types.ts";
import { AbtieError } from "../../errors.ts";
import { sampleRows } from "../../numbers/spread-sample.ts";
import { loadTokenizer } from "../../prompt/local-tokenizer.ts";
import { createPreparer } from "../../prompt/preparer.ts";
import { serverTokenizer } from "../../prompt/server-tokenizer.ts";
import type { Template } from "../../prompt/template.ts";
import type { Tokenizer } from "../../prompt/tokenizer.ts";
import { createJudge, type Judge, openTemplate } from "./judge.ts";
import { openTokenCache, TOKEN_CACHE_FILE, type TokenCache, tokenCacheKey } from "./token-cache.ts";

/** Rows whose tokens are compared with the server's own. */
const PARITY_SAMPLES = 3;
/** Context assumed for the checks before the server is up, where nothing says it. */
const ASSUMED_CONTEXT = 2048;

type Server = { readonly tokenize: (body: TokenizeBody) => Promise<number[]>; readonly maxModelLen: number | null };

/** Opens the judging of a job before the server is up (to find mistakes early) and again when its limits are known. */
export interface JudgeLoader {
  readonly template: Template;
  /** The model's own tokenizer files are used; otherwise the server is asked. */
  readonly local: boolean;
  /** Opens with the local tokenizer; null takes the context of the config. */
  readonly open: (maxModelLen: number | null) => Promise<Judge>;
  /** Opens against a running server, compares both tokenizers, and gives what the server is probed with. */
  readonly probe: (server: Server) => Promise<{ judging: Judge; input: ProbeInput }>;
}

/** Loads template and tokenizer. Throws AbtieError("config") for what is wrong with them. */
export async function createJudgeLoader(config: Config, dataset: Dataset): Promise<JudgeLoader> {
  const template = await openTemplate(config);
  const folder = config.engine.tokenizer;
  const local = folder === null ? null : await loadTokenizer(folder);
  // Opened before the servers are up and again for each of them: the file may be large, and its index stays good.
  const keptBy = new Map<string, Promise<TokenCache | null>>();
  const openKept = (key: string): Promise<TokenCache | null> => {
    const kept = keptBy.get(key) ?? openTokenCache(join(config.runFolder, TOKEN_CACHE_FILE), key);
    keptBy.set(key, kept);
    return kept;
  };
  const open = async (tokenizer: Tokenizer, maxModelLen: number | null): Promise<Judge> => {
    const judging = await createJudge({ config, template, tokenizer, dataset, maxModelLen });
    if (folder === null) return judging;
    const kept = await openKept(await tokenCacheKey(dataset, judging, folder));
    return kept === null ? judging : withKept(judging, kept);
  };
  return {
    template,
    local: local !== null,
    open: (maxModelLen) => {
      if (local === null) throw new Error("without a local tokenizer the judging opens with the server");
      return open(local, maxModelLen ?? config.engine.maxModelLen ?? ASSUMED_CONTEXT);
    },
    probe: async (server) => {
      const remote = serverTokenizer((body) => server.tokenize({ ...body }));
      const judging = await open(local ?? remote, server.maxModelLen);
      if (local !== null) await checkParity(local, remote, judging, dataset);
      const { ids, labels } = await judging.prepare(0, "ab", null);
      // Labels such as "[[A]]" begin with the same tokens: the place where they part is the one to try the server at.
      const fork = labels.probes.find((probe) => new Set(probe.ids).size > 1);
      if (fork === undefined) throw new Error("labels that differ part somewhere");
      return { judging, input: { prompt: [...ids, ...fork.suffix], ids: fork.ids } };
    },
  };
}

/** Takes a prompt as `abtie plan --keep-tokens` left it, where it did. */
function withKept(judging: Judge, kept: TokenCache): Judge {
  return {
    ...judging,
    prepare: async (row, order, tokenBudget) => {
      const found = tokenBudget !== null ? null : kept.get(row, order);
      return found === null
        ? judging.prepare(row, order, tokenBudget)
        : { row, order, tokenBudget, ...found, labels: judging.labels };
    },
  };
}

/**
 * Compares whole prompts, chat template included, as tokenised here and by the server.
 * Throws AbtieError("engine") naming the first token that differs.
 */
async function checkParity(local: Tokenizer, remote: Tokenizer, judging: Judge, dataset: Dataset): Promise<void> {
  const { template, budget } = judging;
  const here = createPreparer({ template, tokenizer: local, budget });
  const sameText: Tokenizer = { ...remote, controlTokens: local.controlTokens, normalise: local.normalise };
  const there = createPreparer({ template, tokenizer: sameText, budget });
  const rows = sampleRows(dataset.ids.length, PARITY_SAMPLES);
  const idsBy = (preparer: typeof here) => async (sample: string) =>
    (await preparer.prepare(await dataset.read(Number(sample)), "ab")).ids;
  const difference = await compareTokenization(idsBy(here), idsBy(there), rows.map(String)).catch(refusal);
  if (difference === null || difference === "unknown") return;
  throw new AbtieError(
    "engine",
    `the tokenizer in ${judging.template.format === "chat" ? "the model folder (or its chat template)" : "the model folder"} ` +
      `is not the server's. ${difference.description}. Point engine.tokenizer to the files of the model that is served, ` +
      "or set it to false to let the server tokenise.",
  );
}

/** A server without /tokenize cannot be compared. */
function refusal(error: unknown): "unknown" {
  if (error instanceof Error && "status" in error && error.status === 404) return "unknown";
  throw error;
}
