import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { expectValid, readLines } from "../helpers/results.ts";

test("every row of a file is in one shard of any number of shards, also when some have no row", async () => {
  await using judge = await startJudge({});
  const job = await writeJob({ engine: attachTo(judge), rows: 12 });
  for (const count of [1, 2, 17]) {
    const found: string[] = [];
    for (let index = 1; index <= count; index += 1) {
      const run = await inProcess(
        ["run", "job.yaml", "--shard", `${index}/${count}`, "-q"].filter((a) => a !== "-q"),
        job.folder,
      );
      expect(run.status, run.stderr).toBe(0);
      const folder = join(job.folder, "run", `shard-${index}-of-${count}`);
      const rows = readLines(join(folder, "rows.jsonl")).map(({ id }) => id);
      expectValid(join(folder, "submission.csv"), rows);
      found.push(...rows);
    }
    expect(found.toSorted()).toEqual(job.ids.toSorted());
  }
});
