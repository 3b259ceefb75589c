import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { dayOf } from "../../src/prompt/tokenizer/strftime.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { CHAT_TEMPLATE, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";
import { readLines } from "../helpers/results.ts";

const CHAT_TEMPLATES = fileURLToPath(new URL("../fixtures/chat-templates", import.meta.url));

async function modelFolder(chatTemplate: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(TOKENIZER, folder, { recursive: true });
  await cp(join(CHAT_TEMPLATES, chatTemplate), join(folder, "chat_template.jinja"));
  return folder;
}

async function writeChatJob(engine: Readonly<Record<string, unknown>>, config: Readonly<Record<string, unknown>> = {}) {
  const job = await writeJob({ engine, rows: 12, config });
  await writeFile(join(job.folder, "template.jinja"), CHAT_TEMPLATE);
  return job;
}

test.each([-1, 0, 1])(
  "a folder is not refused when the server prints its own date, %i days from here",
  async (moved) => {
    const modelDir = await modelFolder("dated-by-clock.jinja");
    await using judge = await startJudge({ modelDir, today: dayOf(Date.now(), moved) });
    const job = await writeChatJob({ attach: judge.url, tokenizer: modelDir }, { date: "2020-02-02" });
    const run = await inProcess(["run", "job.yaml"], job.folder);
    expect(run.status, run.stderr).toBe(0);
  },
);

test("a folder with another chat template is refused, also when it prints the date", async () => {
  const modelDir = await modelFolder("dated-by-clock.jinja");
  await using judge = await startJudge({ modelDir: await modelFolder("dated.jinja") });
  const job = await writeChatJob({ attach: judge.url, tokenizer: modelDir });
  const run = await inProcess(["run", "job.yaml"], job.folder);
  expect(run.status).toBe(4);
  expect(run.stderr).toContain("is not the server's");
});

test("a run that is continued on another day keeps its date, and refuses another one", async () => {
  const modelDir = await modelFolder("dated.jinja");
  await using judge = await startJudge({ modelDir });
  const job = await writeChatJob({ attach: judge.url, tokenizer: modelDir });
  expect((await inProcess(["run", "job.yaml"], job.folder)).status).toBe(0);
  const manifest = join(job.folder, "run/manifest.json");
  const written = await readFile(manifest, "utf8");
  const today = dayOf(Date.now());
  expect(written).toContain(`"date": "${today}"`);

  await writeFile(manifest, written.replace(`"date": "${today}"`, '"date": "2020-02-02"'));
  const later = await inProcess(["run", "job.yaml"], job.folder);
  expect(later.status, later.stderr).toBe(0);
  expect(await readFile(manifest, "utf8")).toContain('"date": "2020-02-02"');

  await writeFile(
    join(job.folder, "job.yaml"),
    `${await readFile(join(job.folder, "job.yaml"), "utf8")}date: 2020-03-03\n`,
  );
  const other = await inProcess(["run", "job.yaml"], job.folder);
  expect(other.status).toBe(2);
  expect(other.stderr).toContain("date was");
});

test("rows with another date of the server are marked, and the change is said once", async () => {
  const today = dayOf(Date.now());
  const modelDir = await modelFolder("dated-by-clock.jinja");
  await using judge = await startJudge({ modelDir, today: dayOf(Date.now(), -1) });
  const job = await writeChatJob({ attach: judge.url, tokenizer: false });
  const first = await inProcess(["run", "job.yaml"], job.folder);
  expect(first.status, first.stderr).toBe(0);
  expect(first.stderr).not.toContain("another date");
  expect(readLines(job.rowsFile).filter(({ ab }) => ab?.otherDate === true)).toEqual([]);

  await forgetRows(job.journal, [7, 8]);
  judge.change({ today });
  const second = await inProcess(["run", "job.yaml"], job.folder);
  expect(second.status, second.stderr).toBe(0);
  expect(second.stderr.split("prints another date").length).toBe(2);
  expect(readLines(job.rowsFile).flatMap(({ ab }, row) => (ab?.otherDate === true ? [row] : []))).toEqual([7, 8]);
});

test("where the chat template takes the date from outside, the server prints that of the run", async () => {
  const modelDir = await modelFolder("dated.jinja");
  await using judge = await startJudge({ modelDir, today: dayOf(Date.now(), -1) });
  const job = await writeChatJob({ attach: judge.url, tokenizer: false });
  await inProcess(["run", "job.yaml"], job.folder);
  await forgetRows(job.journal, [7, 8]);
  judge.change({ today: dayOf(Date.now()) });
  const second = await inProcess(["run", "job.yaml"], job.folder);
  expect(second.status, second.stderr).toBe(0);
  expect(second.stderr).not.toContain("another date");
  expect(readLines(job.rowsFile).filter(({ ab }) => ab?.otherDate === true)).toEqual([]);
});

/** Removes the answers of rows from a journal, as if the run had been interrupted before them. */
async function forgetRows(journal: string, rows: readonly number[]): Promise<void> {
  const lines = (await readFile(journal, "utf8")).split("\n");
  const kept = lines.filter((line) => {
    const event = line === "" ? null : (JSON.parse(line) as { event: string; row?: number });
    return event?.event !== "row" || !rows.includes(event.row ?? -1);
  });
  await writeFile(journal, kept.join("\n"));
}
