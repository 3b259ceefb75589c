import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendDatasets } from "../../src/dataset/append-datasets.ts";
import { openDataset } from "../../src/dataset/open-dataset.ts";
import { assignFolds, countSplitGroups } from "../../src/training/folds.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const HEADER = "id,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie";
const LABELS = ["1,0,0", "0,1,0", "0,0,1"];
const row = (id: string, prompt: string, at: number): string => `${id},"[""${prompt}""]",a,b,${LABELS[at % 3]}`;

test("57,477 rows and a second file of 33,000, without the prompts that are there, are 78,664 rows", async () => {
  // The first file repeats some prompts. Of the second, 11,813 rows have a prompt of the first, and new prompts repeat too.
  const first = Array.from({ length: 57_477 }, (_, at) => row(String(30_192 + 7 * at), `prompt ${at % 51_734}`, at));
  const second = Array.from({ length: 33_000 }, (_, at) =>
    row(`q${at}`, at % 33_000 < 11_813 ? `prompt ${(at * 37) % 51_734}` : `other ${at % 19_000}`, at),
  );
  const folder = await temporaryFolder();
  await writeFile(join(folder, "train.csv"), [HEADER, ...first].join("\n"));
  await writeFile(join(folder, "33k.csv"), [HEADER, ...second].join("\n"));
  await using one = await openDataset(join(folder, "train.csv"));
  await using other = await openDataset(join(folder, "33k.csv"));
  const all = appendDatasets([one, other]);
  expect(all.leftOut).toEqual([0, 11_813]);
  expect(all.ids).toHaveLength(78_664);
  expect(all.files.filter((file) => file === 1)).toHaveLength(21_187);
  expect(await all.read(57_477)).toMatchObject({ index: 57_477, id: "q11813", prompts: ["other 11813"] });

  const input = { groups: all.groups, truth: all.truth ?? expect.unreachable(), seed: 0 };
  const s2 = assignFolds({ by: "position", count: 100 }, input);
  expect(s2.filter((fold) => fold === 0)).toHaveLength(787);
  const s1 = assignFolds(
    { by: "position", count: 5 },
    { ...input, groups: one.groups, truth: one.truth ?? expect.unreachable() },
  );
  expect(s1.filter((fold) => fold === 0)).toHaveLength(11_496);
  expect(s1.filter((fold) => fold !== 0)).toHaveLength(45_981);
  expect(countSplitGroups(s1, one.groups)).toBeGreaterThan(0);
  const better = assignFolds({ by: "prompt", count: 5 }, input);
  expect(countSplitGroups(better, all.groups)).toBe(0);
  const sizes = [0, 1, 2, 3, 4].map((fold) => better.filter((found) => found === fold).length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(3);
}, 60_000);
