import { describe, expect, test } from "vitest";
import { readShard } from "../../src/config/shard.ts";

const shard = (index: number, count: number) => ({ ok: true, shard: { index, count } });
const refused = (text: string, env = {}): string => {
  const setting = readShard(text, env);
  return setting.ok ? "" : setting.message;
};

describe("a shard as text", () => {
  test.each([
    ["1/1", 1, 1],
    ["2/8", 2, 8],
    ["17/17", 17, 17],
  ])("%s is shard %i of %i", (text, index, count) => {
    expect(readShard(text, {})).toEqual(shard(index, count));
  });

  test.each(["0/4", "5/4", "1/0", "1/9999999", "a/b", "1", "1/2/3", "-1/4", "1.5/4", " 1/4", ""])(
    "%j is refused",
    (text) => {
      expect(refused(text)).toContain(JSON.stringify(text));
    },
  );
});

describe("a shard as a scheduler counts it", () => {
  const array = (id: number, more: Readonly<Record<string, string>>) => ({ SLURM_ARRAY_TASK_ID: String(id), ...more });

  test.each([
    ["--array=0-7", array(0, { SLURM_ARRAY_TASK_MIN: "0", SLURM_ARRAY_TASK_COUNT: "8" }), 1, 8],
    ["--array=1-8", array(8, { SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "8" }), 8, 8],
    [
      "--array=10-40:10",
      array(30, { SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_COUNT: "4", SLURM_ARRAY_TASK_STEP: "10" }),
      3,
      4,
    ],
    ["an Indexed Job", { JOB_COMPLETION_INDEX: "0", ABTIE_SHARD_COUNT: "3" }, 1, 3],
  ])("%s", (_name, env, index, count) => {
    expect(readShard("auto", env)).toEqual(shard(index, count));
  });

  test.each([
    ["no scheduler", {}, ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", '"2/8"']],
    ["an Indexed Job without its size", { JOB_COMPLETION_INDEX: "3" }, ["ABTIE_SHARD_COUNT", "completions"]],
    ["a pod beyond the size", { JOB_COMPLETION_INDEX: "3", ABTIE_SHARD_COUNT: "3" }, ["pod 3 of 3"]],
    [
      "a Slurm array with gaps",
      array(9, { SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "3" }),
      ["task 9", "array of 3"],
    ],
    ["a Slurm array of unknown size", array(9, {}), ["SLURM_ARRAY_TASK_COUNT"]],
  ])("%s is refused, and the message names what is missing", (_name, env, words) => {
    const message = refused("auto", env);
    for (const word of words) expect(message).toContain(word);
  });
});
