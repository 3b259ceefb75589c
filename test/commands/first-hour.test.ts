import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openConfig } from "../../src/job/open-config.ts";
import { createEffects } from "../../src/system.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { TEMPLATE, TOKENIZER } from "../helpers/job.ts";

const ROWS = `${[
  { pair_id: "p0", question: "Which is prime?", response_A: "21", response_B: "23", label: "B>A" },
  { pair_id: "p1", question: "日本の首都は?", response_A: "東京です。", response_B: "京都です。", label: "A>B" },
  { pair_id: "p2", question: "One word.", response_A: "word", response_B: "Word!", label: "A=B" },
]
  .map((row) => JSON.stringify(row))
  .join("\n")}\n`;

function makeFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  return temporaryFolder({ "pairs.jsonl": ROWS, "mine.jinja": TEMPLATE, ...files });
}

describe("abtie init", () => {
  test("describes a file and writes a config that show can use at once", async () => {
    const folder = await makeFolder();
    const said = await inProcess(
      ["init", "pairs.jsonl", "--base-url", "http://127.0.0.1:9", "--deadline", "2h"],
      folder,
    );
    expect(said.status).toBe(0);
    expect(said.stdout).toContain('the prompt is the column "question"');
    expect(said.stdout).toContain("labels    A 33 %, B 33 %, tie 33 %");
    expect(said.stdout).toMatch(/script {4}Latin 67 %, Han 33 %|script {4}Latin 67 %, Kana 33 %/);
    const config = await readFile(join(folder, "abtie.yaml"), "utf8");
    expect(config).toContain("input: pairs.jsonl");
    expect(config).toContain('engine: {"attach":"http://127.0.0.1:9"}');
    expect(config).toContain('time: {"deadline":"2h"}');
    const shown = await inProcess(["show", "--row", "1"], folder);
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain("Which is prime?");
  });

  test("names the next command, and where its results will be", async () => {
    const folder = await makeFolder();
    const usual = await inProcess(["init", "pairs.jsonl"], folder);
    expect(usual.stdout).toContain(
      `Next: abtie run, which writes its results to ${join(folder, "runs/abtie/submission.csv")}; -o names another file.`,
    );
    const named = await inProcess(["init", "pairs.jsonl", "-o", "job.yaml", "--json"], folder);
    const { submission } = JSON.parse(named.stdout);
    expect(submission).toBe(join(folder, "runs/job/submission.csv"));
    const config = await openConfig("job.yaml", [], { ...createEffects(), cwd: folder });
    expect(config.output).toBe(submission);
  });

  test("writes no config with a deadline that a run would refuse", async () => {
    const folder = await makeFolder();
    const said = await inProcess(["init", "pairs.jsonl", "--deadline", "25x"], folder);
    expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("--deadline expected a duration") });
    await expect(readFile(join(folder, "abtie.yaml"))).rejects.toThrow("ENOENT");
  });

  test("writes the shares of many labels as the prior", async () => {
    const rows = Array.from({ length: 200 }, (_, id) => `${id},p,a,b,${id % 4 === 0 ? "tie" : "model_a"}`);
    const folder = await makeFolder({ "rows.csv": `id,prompt,response_a,response_b,winner\n${rows.join("\n")}\n` });
    expect((await inProcess(["init", "rows.csv", "-o", "job.yaml"], folder)).status).toBe(0);
    expect(await readFile(join(folder, "job.yaml"), "utf8")).toContain("prior: [0.7500, 0.0000, 0.2500]");
  });

  test("replaces no config without --force, and the rows never", async () => {
    const folder = await makeFolder({ "abtie.yaml": "mine" });
    const kept = await inProcess(["init", "pairs.jsonl"], folder);
    expect(kept.status).toBe(2);
    expect(kept.stderr).toContain("exists; give --force to replace it, or another name with -o");
    expect(await readFile(join(folder, "abtie.yaml"), "utf8")).toBe("mine");
    const input = await inProcess(["init", "pairs.jsonl", "-o", "pairs.jsonl", "--force"], folder);
    expect(input.status).toBe(2);
    expect(await readFile(join(folder, "pairs.jsonl"), "utf8")).toBe(ROWS);
    expect((await inProcess(["init", "pairs.jsonl", "--force"], folder)).status).toBe(0);
  });
});

describe("abtie show", () => {
  test("prints the prompt of a row, its tokens and the tokens of the labels", async () => {
    const folder = await makeFolder();
    await writeFile(
      join(folder, "job.yaml"),
      JSON.stringify({
        input: "pairs.jsonl",
        template: "./mine.jinja",
        engine: { attach: "http://127.0.0.1:9", tokenizer: TOKENIZER },
      }),
    );
    const said = await inProcess(["show", "job.yaml", "--id", "p2", "--order", "ba"], folder);
    expect(said.status).toBe(0);
    expect(said.stdout).toContain("row 3 (id p2), answers swapped, template mine");
    expect(said.stdout).toMatch(/tokens {3}\d+ tokens of at most \d+, nothing cut/);
    expect(said.stdout).toContain('labels   a = " A" -> 288');
    expect(said.stdout).toContain("A: Word!\nB: word");
    const json = JSON.parse((await inProcess(["show", "job.yaml", "--json"], folder)).stdout);
    expect(json).toMatchObject({ row: 1, id: "p0", order: "ab", tokens: { cut: 0, neutralised: 0 } });
    expect(json.tokens.prompt).toBeGreaterThan(5);
  });

  test.each([
    [["--row", "p9"], "has no row p9: its rows are numbered from 1 to 3, and no row has that id"],
    [["--row", "4"], "has no row 4: its rows are numbered from 1 to 3"],
    [["--id", "x"], 'has no row with the id "x"'],
  ])("%j is an error with what there is", async (args, message) => {
    const folder = await makeFolder();
    const said = await inProcess(
      ["show", "-i", "pairs.jsonl", "--set", "engine=attach", "-t", "./mine.jinja", ...args],
      folder,
    );
    expect(said.status).toBe(3);
    expect(said.stderr).toContain(message);
  });
});

describe("abtie templates", () => {
  test("lists the shipped templates, and prints one that can be saved and used", async () => {
    const folder = await makeFolder();
    const listed = await inProcess(["templates"], folder);
    expect(listed.stdout).toContain('rules (chat; labels " A", " B", " tie")');
    const { stdout } = await inProcess(["templates", "rules"], folder);
    const asJson = await inProcess(["templates", "rules", "--json"], folder);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ name: "rules", text: expect.stringContaining(stdout.trim()) });
    await writeFile(join(folder, "copy.jinja"), stdout);
    const args = ["-i", "pairs.jsonl", "--set", "engine=attach"];
    const [own, shipped] = [
      await inProcess(["show", ...args, "-t", "./copy.jinja", "--json"], folder),
      await inProcess(["show", ...args, "-t", "rules", "--json"], folder),
    ];
    expect(JSON.parse(own.stdout).text).toBe(JSON.parse(shipped.stdout).text);
  });

  test.each([
    [
      ["templates", "rule"],
      'no shipped template is called "rule"; they are called classifier, decision, joined, notebook, pairs, rules, turns',
    ],
    [["show", "-i", "pairs.jsonl", "-t", "rule"], 'template is not a shipped template: "rule": did you mean "rules"?'],
    [
      ["show", "-i", "pairs.jsonl", "-t", "nothing"],
      "known are: classifier, decision, joined, notebook, pairs, rules, turns",
    ],
  ])("%j lists the names that there are", async (args, message) => {
    const said = await inProcess(args, await makeFolder());
    expect(said.status).toBe(2);
    expect(said.stderr).toContain(message);
  });
});

describe("flags", () => {
  const show = (...args: readonly string[]): readonly string[] => [
    "show",
    "-i",
    "pairs.jsonl",
    "-t",
    "./mine.jinja",
    ...args,
  ];

  test("set every key of the config, with paths relative to the working directory", async () => {
    const folder = await makeFolder({
      "tok/tokenizer.json": await readFile(join(TOKENIZER, "tokenizer.json"), "utf8"),
    });
    const said = await inProcess(
      show(
        "--tokenizer",
        "./tok",
        "--context",
        "64",
        "--set",
        'labels={"a":" A","b":" B","tie":" tie"}',
        "--set",
        "seed=3",
        "--json",
      ),
      folder,
    );
    expect(said.stderr).not.toContain("abtie:");
    expect(JSON.parse(said.stdout).tokens.budget).toBe(64);
  });

  test.each<[readonly string[], RegExp]>([
    [["--set", "time.reserv=1m"], /--set.*time\.reserv|did you mean/],
    [["--set", "seed=many"], /--set.*seed.*number/s],
    [["--set", "=3"], /expected KEY=VALUE, for example time\.reserve=10m/],
    [["--context", "3"], /expected a whole number of at least 64/],
  ])("%j is an error that names the flag", async (args, message) => {
    const said = await inProcess(show(...args), await makeFolder());
    expect(said.status).toBe(2);
    expect(said.stderr).toMatch(message);
  });

  test("two configs at once are an error, not one of them", async () => {
    const folder = await makeFolder({ "a.yaml": "input: pairs.jsonl", "b.yaml": "input: pairs.jsonl" });
    const said = await inProcess(["show", "a.yaml", "-c", "b.yaml"], folder);
    expect(said.status).toBe(2);
    expect(said.stderr).toContain("two configs are named: a.yaml and -c b.yaml; name one of them");
  });

  test.each(["-j", "--limit"])("%s 0 is refused", async (flag) => {
    const said = await inProcess(["plan", "-i", "pairs.jsonl", flag, "0"], await makeFolder());
    expect(said.status).toBe(2);
    expect(said.stderr).toContain("expected a whole number of at least 1");
  });
});
