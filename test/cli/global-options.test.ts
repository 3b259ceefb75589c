import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { earlyWatch } from "../../src/cli/early-watch.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { attachTo, startJudge, writeJob } from "../helpers/job.ts";

describe("-q and -v", () => {
  test("decide how much a run says: -q nothing, -v also the plan", async () => {
    await using judge = await startJudge();
    const job = await writeJob({ engine: attachTo(judge), rows: 6 });
    const say = async (...flags: readonly string[]) => {
      const said = await inProcess([...flags, "run", "job.yaml", "--fresh"], job.folder);
      expect(said).toMatchObject({ status: 0, stdout: "" });
      return said.stderr;
    };
    expect(await say("-v")).toMatch(/^config: job\.yaml$[\s\S]*^plan \{[\s\S]*done: 6 of 6 rows scored/m);
    const usual = await say();
    expect(usual).toContain("done: 6 of 6 rows scored");
    expect(usual).not.toMatch(/^(?:config:|plan)/m);
    expect(await say("--quiet")).toBe("");
  });

  test("a quiet command still prints its result and its errors", async () => {
    const folder = await temporaryFolder({ "rows.csv": "id,prompt,response_a,response_b\n1,p,a,b\n" });
    expect((await inProcess(["-q", "templates"], folder)).stdout).toContain("rules (chat;");
    expect(await inProcess(["run", "-q", "none.yaml"], folder)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("none.yaml"),
    });
  });

  test("cannot be given together", async () => {
    const { status, stderr } = await inProcess(["-q", "-v", "templates"], "/");
    expect(status).toBe(2);
    expect(stderr).toContain("cannot be used with option '-q, --quiet'");
  });

  test("with -v, an error names its causes", async () => {
    const folder = await temporaryFolder();
    expect((await inProcess(["run", "none.yaml", "-v"], folder)).stderr).toMatch(/caused by: ENOENT/);
    expect((await inProcess(["run", "none.yaml"], folder)).stderr).not.toContain("caused by");
  });
});

describe("the key of a server", () => {
  test("comes from an environment file, or from the variable that a flag names, and is never shown", async () => {
    await using judge = await startJudge({ apiKey: "the-right-key" });
    const job = await writeJob({ engine: attachTo(judge), rows: 3 });
    const run = (flags: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      inProcess(["run", "job.yaml", "--fresh", "-v", ...flags], job.folder, env);
    await writeFile(join(job.folder, ".env"), '# the key\nOPENAI_API_KEY="the-right-key"\nOTHER=the-right-key\n');

    const byFile = await run(["--env-file", ".env"]);
    expect(byFile.status).toBe(0);
    const byName = await run(["--env-file", ".env", "--api-key-env", "OTHER"], { OPENAI_API_KEY: "wrong" });
    expect(byName.status).toBe(0);
    // A variable that is set already beats the file.
    expect((await run(["--env-file", ".env"], { OPENAI_API_KEY: "wrong" })).status).toBe(4);
    for (const { stderr } of [byFile, byName]) expect(stderr).not.toContain("the-right-key");
    expect(await readFile(join(job.folder, "run/manifest.json"), "utf8")).not.toContain("the-right-key");
  });

  test.each([
    [["--api-key-env", "NOWHERE"], "expected the name of a variable that holds the key, but NOWHERE is not set"],
    [["--env-file", "none.env"], "name a file of lines NAME=VALUE"],
  ])("%j is an error that says what to do", async (flags, text) => {
    const said = await inProcess(["run", "-i", "rows.csv", "--base-url", "http://h:1", ...flags], "/");
    expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining(text) });
  });
});

test.each([
  [["-q", "run", "job.yaml", "--deadline", "1h"], true],
  [["--env-file", "run", "run", "--deadline", "1h"], true],
  [["--env-file=x", "-v", "run", "--deadline=1h"], true],
  [["--env-file", "run", "bench", "--deadline", "1h"], false],
])("the watchdog finds the deadline of a run behind the global options: %j", (argv, isWatched) => {
  expect(earlyWatch(argv, Date.now()) !== null).toBe(isWatched);
});
