import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";

const ROWS = "id,prompt,response_a,response_b\n1,p,a,b\n";

/** Every command that reads the config.json of a model folder. */
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ["a training", ["train", "recipe.yaml", "--dry-run"]],
  ["a run with a classifier", ["plan", "classifier.yaml"]],
  ["a run with a model that writes", ["plan", "job.yaml"]],
  ["the checks of a machine", ["doctor", "job.yaml", "--no-server"]],
];

const folderWith = (model: Readonly<Record<string, string>>): Promise<string> =>
  temporaryFolder({
    "rows.csv": ROWS,
    "recipe.yaml": "base: ./model\nhead: label\ndata: {input: rows.csv}\n",
    "classifier.yaml": "input: rows.csv\ntemplate: classifier\nengine: {kind: classify, model: ./model}\n",
    "job.yaml": "input: rows.csv\nengine: {model: ./model}\n",
    ...Object.fromEntries(Object.entries(model).map(([name, text]) => [`model/${name}`, text])),
  });

test.each(COMMANDS)("a broken config.json has one message, whatever reads it: %s", async (_, args) => {
  const folder = await folderWith({ "config.json": "{oops" });
  const said = await inProcess(args, folder);
  expect([2, 4]).toContain(said.status);
  expect(said).toMatchObject({
    stderr: expect.stringContaining(
      `${join(folder, "model/config.json")} holds no JSON object: copy the model folder again`,
    ),
  });
});

test.each(COMMANDS)("a config.json that cannot be read has one message, whatever reads it: %s", async (_, args) => {
  const folder = await folderWith({ "config.json/x": "a folder in its place" });
  const said = await inProcess(args, folder);
  expect([2, 4]).toContain(said.status);
  expect(said).toMatchObject({
    stderr: expect.stringContaining(`cannot read ${join(folder, "model/config.json")} (EISDIR): is it a model folder?`),
  });
});
