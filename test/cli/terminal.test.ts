import { readFile, rename, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createScreen } from "../../src/cli/screen.ts";
import { messageText, terminalSafe } from "../../src/cli/terminal.ts";
import { visibleInJson } from "../../src/report/markup/visible.ts";
import { systemClock } from "../../src/system.ts";
import { abtie, type Ended, MAIN } from "../helpers/abtie.ts";
import { atEnd } from "../helpers/at-end.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type Job, spawning, startJudge, TOKENIZER, writeJob } from "../helpers/job.ts";

/** Clears the screen, sets the title, moves the cursor, hides text, and reverses it; the word shows that it was printed at all. */
const POISON = "POISON\u001b[2J\u001b]0;title\u0007\u0008\r\u009b31m\u009dx\u007f\u202e\u2066";
/** The characters that must not reach a terminal; a line break and a tab may. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const HARMFUL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** The same as a key of YAML. */
const yamlKey = visibleInJson(JSON.stringify(POISON));

const NOWHERE = "http://127.0.0.1:9";
const HEADER = "id,prompt,response_a,response_b";

/** For each source of text, a command that prints it. */
const SOURCES: Readonly<Record<string, () => Promise<Ended>>> = {
  "the text of a server": async () => {
    const url = await answer(500, `<html>${POISON}</html>`);
    return run(await writeJob({ engine: { attach: url, tokenizer: TOKENIZER }, rows: 3 }));
  },
  "the name of a model": async () => {
    const url = await answer(200, JSON.stringify({ object: "list", data: [{ id: POISON, max_model_len: 2048 }] }));
    return run(await writeJob({ engine: { attach: url, tokenizer: TOKENIZER, model: "other" }, rows: 3 }));
  },
  "the log of a server": async () =>
    run(await writeJob({ engine: spawning({ failText: `ValueError: ${POISON}` }), rows: 3 })),
  "a cell of the header": async () => {
    const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3 });
    await writeFile(
      join(job.folder, "rows.csv"),
      `id,prompt${POISON.replace("\r", "")},response_a,response_b\n1,a,b,c\n`,
    );
    return run(job);
  },
  "the id of a row": async () => {
    const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3 });
    const row = `"${POISON}","[""x""]","[""y""]","[""z""]"\n`;
    await writeFile(join(job.folder, "rows.csv"), `${HEADER}\n${row}${row}`);
    return run(job);
  },
  "a key of the config": async () => {
    const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3 });
    await writeFile(join(job.folder, "job.yaml"), `input: rows.csv\n${yamlKey}: 1\n`);
    return run(job);
  },
  "the name of a file": async () => {
    const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3 });
    await rename(join(job.folder, "template.jinja"), join(job.folder, `${POISON}.jinja`));
    return run(job, ["-t", `./${POISON}.jinja`, "-i", `${POISON}.csv`]);
  },
  "the text of a template": async () => {
    const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3 });
    const template = await readFile(join(job.folder, "template.jinja"), "utf8");
    await writeFile(join(job.folder, "template.jinja"), template.replace("---\n", `---\n${yamlKey}: 1\n`));
    return run(job);
  },
  "the environment": async () => {
    const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3 });
    return run(job, ["--deadline", POISON], { HOME: `/nowhere/${POISON}`, ABTIE_HOME: `/nowhere/${POISON}` });
  },
};

describe("no character that controls a terminal reaches it from", () => {
  test.each(Object.keys(SOURCES))("%s", async (source) => {
    const ended = await SOURCES[source]?.();
    const { stdout = "", stderr = "", status } = ended ?? {};
    expect(status).toBeGreaterThan(1);
    expect(stderr).toContain("POISON");
    expect(`${stdout}${stderr}`).not.toMatch(HARMFUL);
  });
});

test("with --json, the characters stand as escapes, and the value is the same", async () => {
  await using judge = await startJudge();
  const job = await writeJob({ engine: { attach: judge.url, tokenizer: TOKENIZER }, rows: 3 });
  const folder = `run${POISON.replace("\r", "")}`;
  const { stdout, status } = await abtie(["run", "job.yaml", "--json", "--run", folder], { cwd: job.folder });
  expect(status).toBe(0);
  expect(stdout).not.toMatch(HARMFUL);
  expect(JSON.parse(stdout).files.runFolder).toBe(join(job.folder, folder));
});

test("any text becomes harmless, and keeps its line breaks", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const safe = terminalSafe(text);
      expect(safe).not.toMatch(HARMFUL);
      expect(safe.isWellFormed()).toBe(true);
      expect(safe.split("\n").length).toBe(text.split("\n").length);
    }),
  );
  expect(terminalSafe("\u001b[0;36m(EngineCore)\u001b[0m ready\r\n")).toBe("(EngineCore) ready\n");
  expect(terminalSafe("lone \ud800 half")).toBe("lone ‹U+D800› half");
});

test("an endless line is cut, and a secret in it is removed before the cut", () => {
  const key = "sk-1234567890abcdef";
  const redact = (text: string): string => text.replaceAll(key, "[secret]");
  expect(messageText(`${"x".repeat(1_990)}${key}${"y".repeat(5_000)}\nend`, redact)).toBe(
    `${"x".repeat(1_990)}[secret]yy… (4998 characters more)\nend`,
  );
});

test("the screen's own colours and its progress line reach the terminal, those of a text do not", () => {
  let written = "";
  const screen = createScreen({
    write: (text) => {
      written += text;
    },
    clean: (text) => messageText(text, (same) => same),
    paint: (_format, text) => `\u001b[33m${text}\u001b[39m`,
    columns: () => 40,
    clock: systemClock,
  });
  screen.progress({ stage: "step", name: "engine", text: `loading ${POISON}\nmore` });
  screen.log("warn", `a file \u001b[31mred\u001b[0m ${POISON}`);
  screen.close();
  expect(written).toContain("\r\u001b[2Kengine: loading POISON");
  expect(written).toContain("\u001b[33mwarning:\u001b[39m a file red\nPOISON");
  const own = written.replaceAll("\r\u001b[2K", "").replace("\u001b[33mwarning:\u001b[39m", "");
  expect(own).not.toMatch(HARMFUL);
});

test("messages keep to the width of the terminal, and no word is lost or broken", () => {
  const shownOn = (columns: number | null, text: string): string => {
    let written = "";
    const screen = createScreen({
      write: (part) => {
        written += part;
      },
      clean: (same) => same,
      paint: (_format, same) => `\u001b[33m${same}\u001b[39m`,
      columns: () => columns,
      clock: systemClock,
    });
    screen.log("warn", text);
    return written.slice(0, -1);
  };
  const word = fc.stringMatching(/^[a-z.,:]{1,24}$/);
  const line = fc
    .tuple(fc.constantFrom("", "  ", "           "), fc.array(word, { minLength: 1, maxLength: 40 }))
    .map(([indent, words]) => indent + words.join(" "));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.constantFrom(80, 40, 132), (lines, columns) => {
      const shown = shownOn(columns, lines.join("\n"));
      expect(shown.startsWith("\u001b[33mwarning:\u001b[39m ")).toBe(true);
      const plain = stripVTControlCharacters(shown);
      for (const part of plain.split("\n")) expect(part.length).toBeLessThanOrEqual(columns);
      expect(plain.split(/\s+/)).toEqual(`warning: ${lines.join("\n")}`.split(/\s+/));
      expect(stripVTControlCharacters(shownOn(null, lines.join("\n")))).toBe(`warning: ${lines.join("\n")}`);
    }),
  );
  const command = `to continue: abtie run ${"--set columns.prompt=question ".repeat(5)}`;
  expect(shownOn(40, `stopped\n${command}`)).toContain(command);
});

test.each([[80], [40]])("the notes of a command are wrapped on a terminal of %i columns", async (columns) => {
  const rows = ["nr,user_question,answer_left,answer_right", "a,What is it?,one,two", "b,And why?,three,four"];
  const folder = await temporaryFolder({ "rows.csv": rows.join("\n") });
  // Sets the width of a pseudo terminal, and gives it to stdout and stderr.
  const script =
    "import fcntl, os, pty, struct, sys, termios\n" +
    "columns, *command = sys.argv[1:]\n" +
    "pid, fd = pty.fork()\n" +
    "if pid == 0:\n" +
    "    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(columns), 0, 0))\n" +
    "    os.execv(command[0], command)\n" +
    "try:\n" +
    "    while part := os.read(fd, 4096): sys.stdout.buffer.write(part)\n" +
    "except OSError: pass\n";
  const args = [MAIN, "show", "-i", "rows.csv", "-t", "rules", "--row", "9"];
  const { stdout } = await execa("python3", ["-c", script, String(columns), process.execPath, ...args], {
    cwd: folder,
    stdin: "ignore",
  });
  const lines = stripVTControlCharacters(stdout).trim().split(/\r?\n/);
  expect(lines.join(" ")).toContain('answers A and B are the columns "answer_left" and "answer_right"');
  expect(lines.length).toBeGreaterThan(5);
  const tooLong = lines.filter((line) => line.length > columns && line.trim().includes(" "));
  expect(tooLong).toEqual([]);
});

test.each([
  [200, "██████░░░░░░ 5/10 rows · done in 9 s · mass 0.6"],
  [80, "███░░░ 5/10 rows · done in 9 s · mass 0.6"],
  [30, "5/10 rows · done in 9 s"],
  [10, "5/10 rows"],
  [6, "5/10…"],
])("the progress line fits a terminal of %i columns, and parts are left out in a fixed order", (columns, expected) => {
  let written = "";
  const screen = createScreen({
    write: (text) => {
      written += text;
    },
    clean: (text) => text,
    paint: (_format, text) => text,
    columns: () => columns,
    clock: systemClock,
  });
  const shorter = ["5/10 rows · done in 9 s", "5/10 rows"];
  screen.progress({ stage: "score", done: 5, total: 10, text: "5/10 rows · done in 9 s · mass 0.6", shorter });
  expect(written).toBe(`\r\u001b[2K${expected}`);
  expect(expected.length).toBeLessThan(columns);
});

test("a terminal that reports 0 columns gets the whole progress line", async () => {
  const job = await writeJob({ engine: { attach: NOWHERE, tokenizer: TOKENIZER }, rows: 3 });
  // A new pseudo terminal has 0 columns.
  const spawnInTerminal = "import pty, sys; pty.spawn(sys.argv[1:])";
  const { stdout } = await execa("python3", ["-c", spawnInTerminal, process.execPath, MAIN, "plan", "job.yaml"], {
    cwd: job.folder,
    stdin: "ignore",
  });
  expect(stdout).toMatch(/\[2Ktokenising: \d of 3 rows/);
  expect(stdout).not.toContain("…");
});

test.each([
  [{ FORCE_COLOR: "1" }, "\u001b[31mabtie:\u001b[39m cannot read the config"],
  [{}, "abtie: cannot read the config"],
  [{ NO_COLOR: "1" }, "abtie: cannot read the config"],
])("colours follow the environment: %j", async (env, expected) => {
  const job = await writeJob({ engine: { attach: NOWHERE }, rows: 3 });
  const { stderr } = await abtie(["run", "none.yaml"], { cwd: job.folder, env });
  expect(stderr.startsWith(expected)).toBe(true);
});

function run(
  { folder }: Job,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return abtie(["run", "job.yaml", ...more], { cwd: folder, env });
}

/** A server that gives every request the same answer. */
async function answer(status: number, body: string): Promise<string> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
