import { allowedTokenIdsEntry } from "./allowed-token-ids.ts";
import { classifyEntry } from "./classify.ts";
import type { DialectEntry } from "./dialect.ts";
import { llamacppEntry } from "./llamacpp.ts";
import { logitBiasEntry } from "./logit-bias.ts";
import { logprobTokenIdsEntry } from "./logprob-token-ids.ts";
import { sglangGenerateEntry } from "./sglang-generate.ts";
import { topLogprobsEntry } from "./top-logprobs.ts";

/** Every dialect by its name, best first; `engine.method` has the same names, but for `classify`, which `engine.kind` demands. */
export const DIALECTS = {
  logprob_token_ids: logprobTokenIdsEntry,
  sglang_generate: sglangGenerateEntry,
  llamacpp: llamacppEntry,
  allowed_token_ids: allowedTokenIdsEntry,
  logit_bias: logitBiasEntry,
  top_logprobs: topLogprobsEntry,
  classify: classifyEntry,
} as const satisfies Record<string, DialectEntry>;

/** The name of a dialect. */
export type Method = keyof typeof DIALECTS;

/** The names of the dialects that read the next token, best first. */
export const METHODS: readonly Method[] = (Object.keys(DIALECTS) as Method[]).filter((name) => name !== "classify");
