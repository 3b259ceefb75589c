import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, type Job, startJudge, TEMPLATE, TOKENIZER, writeJob } from "../helpers/job.ts";
import { readLines } from "../helpers/results.ts";

const WITHOUT_TIE = TEMPLATE.replace(', tie: " tie"', "");

/** Writes a job of 24 rows with words as labels, of which three are ties, and a template without a tie. */
async function writePairs(engine: Readonly<Record<string, unknown>>, config: object = {}): Promise<Job> {
  const job = await writeJob({ rows: 24, engine, config: { template: "./pairs.jinja", ...config } });
  const rows: Record<string, string>[] = parse(await readFile(join(job.folder, "rows.csv")), { columns: true });
  const labelled = rows.map((row, index) => ({
    ...row,
    winner: index % 8 === 7 ? "tie" : index % 3 === 0 ? "A" : "B",
  }));
  await writeFile(join(job.folder, "rows.csv"), stringify(labelled, { header: true }));
  await writeFile(join(job.folder, "pairs.jinja"), WITHOUT_TIE);
  await writeFile(join(job.folder, "other.jinja"), WITHOUT_TIE.replace("Answer:", "Verdict:"));
  return job;
}

/** The probabilities of a submission, after a check that each row has two that sum to exactly 1. */
function readPairs({ submission, ids }: Job): readonly (readonly [string, string])[] {
  const [header, ...rows]: string[][] = parse(readFileSync(submission, "utf8"));
  expect(header).toEqual(["id", "winner_model_a", "winner_model_b"]);
  expect(rows.map(([id]) => id)).toEqual(ids);
  return rows.map(([, a = "", b = ""]) => {
    expect(Number(a.slice(2)) + Number(b.slice(2))).toBe(1_000_000);
    return [a, b] as const;
  });
}

test("a template without a tie gives files, scores and a report of two classes", async () => {
  await using judge = await startJudge();
  const job = await writePairs(attachTo(judge), { orders: "both" });
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run).toMatchObject({ status: 0 });
  expect(run.stderr).toContain(
    "21 rows (3 rows that are labelled as ties were left out, because the judge knows no tie)",
  );

  const written = readPairs(job);
  for (const [index, { probabilities, ab, ba }] of readLines(job.rowsFile).entries()) {
    const shares = [ab?.logProbs, ba?.logProbs.toReversed()].map((logProbs) => {
      const [a = 0, b = 0, ...more] = (logProbs ?? []).map((value) => Math.exp(value ?? -Infinity));
      expect(more).toEqual([]);
      return a / (a + b);
    });
    const [first = 0, second = 0] = shares;
    expect(probabilities).toHaveLength(2);
    expect(probabilities[0]).toBeCloseTo((first + second) / 2, 9);
    expect(Number(written[index]?.[0])).toBeCloseTo(Math.min(0.99, Math.max(0.01, probabilities[0])), 2);
    // The mass is that of two labels alone, so that it is known how much the model gave to others.
    expect(ab?.mass).toBeCloseTo(Math.exp(ab?.logProbs[0] ?? 0) + Math.exp(ab?.logProbs[1] ?? 0), 6);
  }

  // Another session takes what is there: the journal has two numbers a row as well.
  const { prompts } = judge.stats;
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 0 });
  expect(judge.stats.prompts).toBe(prompts);

  const evaluated = await inProcess(["evaluate", "run"], job.folder);
  expect(evaluated.stdout).toMatch(/\ntruth, verdict: +A +B\nA +\d+ +\d+\nB +\d+ +\d+\n/);
  expect(evaluated.stdout).toMatch(/\nuniform +0\.693\n/);
  expect(evaluated.stdout).toContain("3 rows that are labelled as ties were left out");
  expect(await inProcess(["evaluate", "run/submission.csv", "--labels", "rows.csv"], job.folder)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^as written +21 /m),
  });

  expect(await inProcess(["report", "run"], job.folder)).toMatchObject({ status: 0 });
  const page = readFileSync(join(job.folder, "run/report.html"), "utf8");
  expect(page).toContain("All rows between A and B");
  expect(page).toContain("3 rows that are labelled as ties were left out");
  expect(page).not.toContain("verdict tie");
});

test("without an engine every row holds the prior of two numbers", async () => {
  const job = await writePairs({ attach: "http://127.0.0.1:9", tokenizer: TOKENIZER }, { prior: [0.4, 0.6] });
  expect(await inProcess(["run", "job.yaml"], job.folder)).toMatchObject({ status: 4 });
  for (const pair of readPairs(job)) expect(pair).toEqual(["0.400000", "0.600000"]);
});

test("two templates without a tie are compared on the rows that have a winner; one with a tie is refused beside them", async () => {
  await using judge = await startJudge();
  const job = await writePairs(attachTo(judge));
  const both = ["-t", "./pairs.jinja", "-t", "./other.jinja"];
  const compared = await inProcess(["compare", "job.yaml", ...both], job.folder);
  expect(compared).toMatchObject({ status: 0 });
  expect(compared.stdout).toContain("21 rows with 21 prompts, answered by every variant");
  expect(compared.stdout + compared.stderr).toContain("3 rows that are labelled as ties were left out");

  const mixed = await inProcess(["compare", "job.yaml", ...both, "-t", "./template.jinja"], job.folder);
  expect(mixed.status).toBe(2);
  expect(mixed.stderr).toContain(
    '"pairs", "other" judges without ties and "template" with them, so that their scores measure different things',
  );
});

test("what does not fit the classes of the template is refused with its place and the remedy", async () => {
  const job = await writePairs({ attach: "http://127.0.0.1:9", tokenizer: "." });
  const prior = await inProcess(["plan", "job.yaml", "--prior", "0.3,0.3,0.4"], job.folder);
  expect(prior.status).toBe(2);
  expect(prior.stderr).toContain("prior must have 2 numbers, [a, b], but has 3: the template has no label for a tie");

  await writeFile(join(job.folder, "pairs.jinja"), `${WITHOUT_TIE}\n{{ labels.tie }}`);
  const unknown = await inProcess(["show", "job.yaml"], job.folder);
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain('unknown name "tie"');
});

test("a journal of three classes is not continued by a judge of two, even when that is forced", async () => {
  await using judge = await startJudge();
  const job = await writePairs(attachTo(judge));
  expect(await inProcess(["run", "job.yaml", "-t", "./template.jinja"], job.folder)).toMatchObject({ status: 0 });
  const forced = await inProcess(["run", "job.yaml", "--force"], job.folder);
  expect(forced.status).toBe(3);
  expect(forced.stderr).toMatch(
    /line \d+: row \d+ in the journal has the answer of a judge with 3 classes, and this one/,
  );
});

test("a file without a tie gets a config with the template for two classes", async () => {
  const job = await writePairs({});
  const rows: Record<string, string>[] = parse(await readFile(join(job.folder, "rows.csv")), { columns: true });
  const columns = ({ winner, ...row }: Record<string, string>) => ({
    ...row,
    winner_model_a: Number(winner === "A"),
    winner_model_b: Number(winner !== "A"),
  });
  await writeFile(join(job.folder, "pairs.csv"), stringify(rows.map(columns), { header: true }));
  const said = await inProcess(["init", "pairs.csv", "-o", "two.yaml", "--base-url", "http://127.0.0.1:9"], job.folder);
  expect(said.stdout).toContain('no column "winner_tie": no label is a tie');
  expect(said.stdout).toMatch(/labels +A 29 %, B 71 %; none is a tie/);
  const config = readFileSync(join(job.folder, "two.yaml"), "utf8");
  expect(config).toMatch(/^template: pairs +# no label is a tie, so the judge knows none either/m);

  expect(await inProcess(["init", "rows.csv", "-o", "three.yaml"], job.folder)).toMatchObject({ status: 0 });
  expect(readFileSync(join(job.folder, "three.yaml"), "utf8")).toMatch(/^template: rules /m);
});
