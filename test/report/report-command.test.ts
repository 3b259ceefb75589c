import { readFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";
import { writeLabels } from "../helpers/judged-folder.ts";

describe("abtie report", () => {
  test("writes one page and its Markdown beside it, with the numbers of evaluate", async () => {
    await using judge = await startJudge({ constantMs: 5 });
    const job = await writeJob({ engine: attachTo(judge), config: { orders: "both" } });
    await writeLabels(job.folder);
    await inProcess(["run", "job.yaml"], job.folder);
    const args = ["run", "--labels", "labels.csv"];
    const said = await inProcess(["report", ...args, "-o", "page.html"], job.folder);
    const [page, markdown] = ["page.html", "page.md"].map((name) => join(job.folder, name));
    expect(said).toEqual({ status: 0, stderr: "", stdout: `${page}\n${markdown}\n` });
    const { scores, swap } = JSON.parse((await inProcess(["evaluate", ...args, "--json"], job.folder)).stdout);
    const text = readFileSync(markdown ?? "", "utf8");
    expect(text).toContain(`| as written | 40 | ${scores[0].evaluation.logLoss.mean.toFixed(3)} (`);
    expect(text).toContain("Labels: labels of labels.csv, sha256 ");
    const html = readFileSync(page ?? "", "utf8");
    expect(html).toContain(`${(100 * swap.flipRate).toFixed(1)}`);
    expect(html).toContain("Throughput over the run");
    expect(html).toContain("The worst rows");
    expect(html).not.toMatch(/(?:src|href)="(?!#)/);
  });

  test("shows the label mass and the position bias of run and evaluate", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), rows: 60, config: { orders: "both" } });
    await writeLabels(job.folder);
    const run = (await inProcess(["run", "job.yaml"], job.folder)).stderr;
    const args = ["run", "--labels", "labels.csv"];
    const evaluated = (await inProcess(["evaluate", ...args], job.folder)).stdout;
    expect(await inProcess(["report", ...args], job.folder)).toMatchObject({ status: 0 });
    const page = readFileSync(join(job.folder, "run/report.html"), "utf8")
      .replaceAll("\u00a0", " ")
      .replaceAll("\u2212", "-");
    const [, median, p5] = /label mass {3}median (\S+), 5th percentile (\S+)/.exec(run) ?? [];
    expect(evaluated).toContain(`Label mass of 60 rows: median ${median}, 5th percentile ${p5}, smallest`);
    expect(page).toContain(`<dd>${median}<small>5th percentile ${p5}</small></dd>`);
    const [, flips, bias] = /the verdict flips in (\S+ %), position bias (\S+);/.exec(run) ?? [];
    const sentence = new RegExp(
      `${flips} \\(95 % .*\\) change their verdict.*: position bias ${bias?.replace("+", "\\+")}\\.`,
    );
    expect(evaluated).toMatch(sentence);
    expect(page).toMatch(sentence);
  });

  test("does without labels: no scores, and the least certain rows with their text", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge) });
    await inProcess(["run", "job.yaml"], job.folder);
    expect(await inProcess(["report", "run"], job.folder)).toMatchObject({ status: 0, stderr: "" });
    const html = readFileSync(join(job.folder, "run/report.html"), "utf8");
    expect(html).toContain("The least certain rows");
    expect(html).toContain("the rows have no labels");
    expect(readFileSync(join(job.folder, "run/report.md"), "utf8")).not.toContain("Log loss");
  });

  test("does without texts when the input is gone, and says so; labels that were named must be there", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge) });
    await inProcess(["run", "job.yaml"], job.folder);
    await rename(join(job.folder, "rows.csv"), join(job.folder, "moved.csv"));
    await rm(join(job.folder, "run/summary.json"));
    const { status, stderr } = await inProcess(["report", "run"], job.folder);
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/shows no texts: .*rows\.csv/),
    });
    const html = readFileSync(join(job.folder, "run/report.html"), "utf8");
    expect(html).toContain("none were chosen");
    expect(html).toContain("The last session of the run was killed");
    expect(await inProcess(["report", "run", "--labels", "labels.csv"], job.folder)).toMatchObject({ status: 3 });
  });
});
