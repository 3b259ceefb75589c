import { join } from "node:path";
import { allEnded } from "../../all-ended.ts";
import { type Inputs, inputsOf } from "../../chain/decide.ts";
import type { ChainStage } from "../../chain/stage.ts";
import { sha256OfFile } from "../../files/hash.ts";
import { MODEL_FILES } from "../../prompt/tokenizer/model-files.ts";
import { fillDataFolder, type PrepareEffects } from "../prepare.ts";
import { fillChatFolder } from "../prepare-chats.ts";
import type { JudgeRecipe } from "../recipe.ts";

/** The stage that turns the rows of a recipe into examples. */
export function prepareStage(recipe: JudgeRecipe, effects: PrepareEffects): ChainStage {
  const { job, data } = recipe;
  return {
    name: "prepare",
    folder: "data",
    continues: false,
    inputs: async () => {
      const { context, cut, appendEos, labels, columns, truth, limit, seed, date } = job;
      return {
        head: recipe.head,
        base: recipe.base,
        ...(await hashesOf({ input: job.input, ...(recipe.head === "answer" ? {} : { template: job.template }) })),
        ...(recipe.head === "answer" ? inputsOf({ data: { messages: data.messages } }) : {}),
        ...(await hashesOf(Object.fromEntries(data.extra.map((file, at) => [`extra[${at}]`, file])))),
        ...(await hashesOf(Object.fromEntries(MODEL_FILES.map((name) => [`base/${name}`, join(recipe.base, name)])))),
        ...(data.teacher === null ? {} : await hashesOf({ teacher: join(data.teacher, "rows.jsonl") })),
        ...inputsOf({ data: { context, cut, appendEos, labels, columns, truth, limit, seed, date } }),
        ...inputsOf({ data: { orders: data.orders, folds: data.folds, heldOut: data.heldOut } }),
      };
    },
    run: async ({ temporary, signal }) => {
      const ending = { ...effects, signal };
      const { rows, examples, heldOutRows, dropped, priorLogLoss, examplesSha256, folds } =
        recipe.head === "answer"
          ? await fillChatFolder(temporary, recipe, ending)
          : await fillDataFolder(temporary, { config: job, ...data, out: temporary }, ending);
      const facts = { rows, examples, heldOutRows, dropped, priorLogLoss, examplesSha256, folds };
      return { stopped: null, facts };
    },
  };
}

/** Hashes files; one that cannot be read is left out, because the stage itself says why. */
async function hashesOf(files: Readonly<Record<string, string>>): Promise<Inputs> {
  const hashed = await allEnded(
    Object.entries(files).map(async ([name, path]) => [name, await sha256OfFile(path).catch(() => null)] as const),
  );
  return Object.fromEntries(hashed.flatMap(([name, hash]) => (hash === null ? [] : [[name, hash]])));
}
