// The tools that are set beside abtie, by the names of --tools.
import { abtie, abtieForked } from "./tools/abtie.mjs";
import { benchServe } from "./tools/bench-serve.mjs";
import { inspect } from "./tools/inspect.mjs";
import { lmEval } from "./tools/lm-eval.mjs";
import { notebook } from "./tools/notebook.mjs";
import { promptfoo } from "./tools/promptfoo.mjs";
import { rayData } from "./tools/ray-data.mjs";
import { runBatch } from "./tools/run-batch.mjs";

export const TOOLS = {
  abtie,
  "abtie-forked": abtieForked,
  "run-batch": runBatch,
  notebook,
  "lm-eval": lmEval,
  ray: rayData,
  inspect,
  promptfoo,
  "bench-serve": benchServe,
};
