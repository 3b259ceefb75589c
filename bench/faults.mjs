#!/usr/bin/env node
// Breaks the servers, disk and clock of runs at random moments, and counts invalid files, late ends, lost rows and left processes.
//   npm run build && node bench/faults.mjs [--rounds 20] [--at-once 6] [--seed 4] [--only "server killed"]
// The newer ones: hostile answers, a job that is blocked, a lost lock, an escaping process, a template without end.
// Each round runs abtie with a deadline on a loopback server, or on one that abtie starts. The disk of "disk full" is a tmpfs, which
// needs the right to mount. Prints a Markdown table: for each fault its rounds and the counts; an invalid file is searched for
// every 250 ms. The share of answered rows shows the cost of the fault. The exit status is 1 when a count is not 0.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import PQueue from "p-queue";
import {
  alive,
  answeredRows,
  fill,
  invalid,
  lostRows,
  processesLeft,
  seeded,
  spawnedFake,
  startFake,
  startRun,
  writeFaultJob,
} from "./lib/fault-job.mjs";
import { MAIN } from "./lib/job.mjs";
import { markdown } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    "at-once": { type: "string", default: "6" },
    seed: { type: "string", default: "4" },
    only: { type: "string" },
  },
});
const ROUNDS = Number(values.rounds);
const ROWS = 80;
/** 40 requests of two rows, four in flight, take a second; ten times slower, ten seconds. */
const SPEED = { constantMs: 100 };

const storm = (kind) => async (round) => {
  const after = 3 + Math.floor(round.moment * 30);
  await round.attach({ faults: [{ kind, after, times: 4 + Math.floor(12 * round.random()) }] });
  round.start();
};
const whenAnswered = async (round) => {
  const wanted = 1 + Math.floor(round.moment * (ROWS - 10));
  while (!round.hasEnded() && answeredRows(round.job) < wanted) await sleep(20);
};

/** Each fault sets up a round, starts the run, and breaks something. */
const FAULTS = {
  "server killed (abtie's own)": async (round) => {
    await round.spawn();
    round.start();
    await whenAnswered(round);
    killServers(round, "SIGKILL");
  },
  "server killed, comes back": async (round) => {
    const fake = await round.attach();
    round.start();
    await whenAnswered(round);
    fake.signal("SIGKILL");
    await sleep(500 + 2_000 * round.random());
    fake.restart();
  },
  "server killed for good": async (round) => {
    const fake = await round.attach();
    round.start();
    await whenAnswered(round);
    fake.signal("SIGKILL");
  },
  "server frozen (abtie's own)": async (round) => {
    await round.spawn();
    round.start();
    await whenAnswered(round);
    killServers(round, "SIGSTOP");
  },
  "server frozen, thaws": async (round) => {
    const fake = await round.attach();
    round.start();
    await whenAnswered(round);
    fake.signal("SIGSTOP");
    await sleep(500 + 4_000 * round.random());
    fake.signal("SIGCONT");
  },
  "ten times slower": async (round) => {
    const fake = await round.attach();
    round.start();
    await whenAnswered(round);
    await fake.change({ slowFactor: 10 });
  },
  "connections reset": storm("reset"),
  "half responses": storm("half"),
  "half responses, then nothing": storm("half-hang"),
  "no response": storm("hang"),
  "wrong ids": storm("wrong-ids"),
  NaN: storm("nan"),
  "missing labels": storm("missing-label"),
  "HTTP 500": storm("http500"),
  "disk full": async (round) => {
    await round.attach();
    const run = join(round.job.folder, "run");
    mkdirSync(run);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", run]).status !== 0)
      throw new Error("mount is refused");
    round.atEnd(() => spawnSync("umount", ["-l", run]));
    round.start();
    await whenAnswered(round);
    for (let size = 1 << 20; size >= 1; size = Math.floor(size / 4)) fill(join(run, `filler-${size}`), size);
    await sleep(3_000 * round.random());
    for (let size = 1 << 20; size >= 1; size = Math.floor(size / 4))
      rmSync(join(run, `filler-${size}`), { force: true });
    // It exits with 3 when the last results could not be written, and asks to be run again.
    if ((await round.run.ended).status === 3) round.start();
  },
  "wall clock a day ahead": jump(86_400_000),
  "wall clock a day back": jump(-86_400_000),
  "abtie killed, run again": async (round) => {
    await round.spawn();
    round.start();
    await whenAnswered(round);
    round.run.child.kill("SIGKILL");
    await round.run.ended;
    round.start();
  },
  "40 MB of brackets, to the end": async (round) => {
    await round.attach({ faults: [{ kind: "brackets", after: Math.floor(30 * round.moment) }] });
    round.start();
  },
  "job blocked for ever, run again": async (round) => {
    await round.spawn();
    const journal = join(round.job.folder, "run/journal.jsonl");
    const how = round.random() < 0.5 ? "spin" : "parse";
    round.start({ how, afterMs: 3_000 * round.moment, afterFile: journal });
    await round.run.ended;
    round.checkEnd();
    round.start();
  },
  "lock lost: stopped, another run takes over": async (round) => {
    await round.attach({ constantMs: 400 });
    round.start();
    await whenAnswered(round);
    const first = round.run;
    const stopped = alive(round.job.folder);
    for (const pid of stopped) process.kill(Number(pid), "SIGSTOP");
    await sleep(11_000);
    round.start();
    const second = round.run;
    await Promise.race([second.ended, untilSessions(round.job, 2)]);
    for (const pid of stopped) process.kill(Number(pid), "SIGCONT");
    const { status } = await first.ended;
    // 5: its deadline came while it was stopped.
    if (![3, 5].includes(status)) throw new Error(`the run that lost its lock ended with ${status}`);
  },
  "a process of the server escapes": async (round) => {
    const name = `escaped-${round.random()}`;
    await round.spawn({ escape: name });
    round.start();
    await whenAnswered(round);
    const signal = ["SIGINT", "SIGKILL", null][Math.floor(3 * round.random())];
    if (signal !== null) {
      round.run.child.kill(signal);
      await round.run.ended;
      await untilNone(name);
      round.start();
    }
    await round.run.ended;
    await untilNone(name);
  },
  "a template without end": async (round) => {
    await round.attach();
    writeFileSync(
      join(round.job.folder, "t.jinja"),
      "---\ndescription: d\nformat: raw\nlabels: {a: A, b: B, tie: T}\nanswer_prefix: x\n---\n{{ prompt }}{{ response_a }}{{ response_b }}" +
        "{% for i in range(1000000000) %}{% for k in range(1000000000) %}{{ i }}{% endfor %}{% endfor %}",
    );
    round.start();
    round.mayEnd = [0, 2, 5];
  },
};

async function untilSessions({ folder }, count) {
  const file = join(folder, "run/journal.jsonl");
  while ((readFileSync(file, "utf8").match(/"event":"session-start"/g) ?? []).length < count) await sleep(50);
}

/** Waits until no process has this argument; throws after 10 s, and kills it. */
async function untilNone(name) {
  const find = () => spawnSync("pgrep", ["-f", name], { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
  for (let waited = 0; waited < 10_000 && find().length > 0; waited += 100) await sleep(100);
  const left = find();
  for (const pid of left) process.kill(Number(pid), "SIGKILL");
  if (left.length > 0) throw new Error(`${left.length} processes have escaped`);
}

function jump(byMs) {
  return async (round) => {
    await round.attach();
    round.start({
      how: "jump",
      byMs,
      afterMs: 2_000 * round.moment,
      afterFile: join(round.job.folder, "run/journal.jsonl"),
    });
  };
}

function killServers({ job }, signal) {
  for (const pid of alive(job.folder)) {
    const command = spawnSync("ps", ["-o", "args=", "-p", pid], { encoding: "utf8" }).stdout;
    if (command.includes(" serve ")) process.kill(Number(pid), signal);
  }
}

/** Runs one round of one fault. */
async function play(fault, random, startUpMs) {
  const closing = [];
  const round = {
    random,
    moment: random(),
    startUpMs,
    job: null,
    run: null,
    deadlineAt: 0,
    ended: false,
    attach: async (knobs = {}) => {
      const fake = await startFake({ ...SPEED, ...knobs });
      closing.push(fake.stop);
      round.job = await writeFaultJob(ROWS, fake.engine);
      return fake;
    },
    spawn: async (knobs = {}) => {
      round.job = await writeFaultJob(ROWS, spawnedFake({ ...SPEED, ...knobs }));
    },
    /** Statuses with which the last run may end; 4 too when no row was ever answered, however the run ended. */
    mayEnd: [0, 5],
    /** Checks the end of a run that another one follows. */
    checkEnd: () => {
      if (Date.now() > round.deadlineAt) lateEnds += 1;
      if (alive(round.job.folder).length > 0) throw new Error("processes are left at the deadline");
      if (invalid(round.job, true) !== null) invalidFiles += 1;
    },
    start: (disturb) => {
      round.deadlineAt = Date.now() + 25_000 + 6 * startUpMs;
      round.ended = false;
      round.run = startRun(round.job.folder, round.deadlineAt, disturb);
      const { run } = round;
      run.ended.then(() => {
        if (round.run === run) round.ended = true;
      });
    },
    hasEnded: () => round.ended,
    atEnd: (task) => closing.push(task),
  };
  let invalidFiles = 0;
  let lateEnds = 0;
  const check = setInterval(() => {
    if (round.job !== null && invalid(round.job, false) !== null) invalidFiles += 1;
  }, 250);
  try {
    await fault(round);
    const { status, at } = await round.run.ended;
    clearInterval(check);
    if (invalid(round.job, true) !== null) invalidFiles += 1;
    const left = await processesLeft(round.job.folder);
    const answered = answeredRows(round.job);
    const result = {
      invalidFiles,
      late: lateEnds + (at > round.deadlineAt ? 1 : 0),
      lost: lostRows(round.job),
      left,
      answered,
      failed: [...round.mayEnd, ...(answered === 0 ? [4] : [])].includes(status) ? 0 : 1,
    };
    if (result.failed > 0) process.stderr.write(`exit status ${status}\n${round.run.stderr()}\n`);
    return result;
  } finally {
    clearInterval(check);
    for (const task of closing.reverse()) task();
    if (round.job !== null) rmSync(round.job.folder, { recursive: true, force: true });
  }
}

const queue = new PQueue({ concurrency: Number(values["at-once"]) });
const began = performance.now();
spawnSync(process.execPath, [MAIN, "--version"]);
const startUpMs = performance.now() - began;
const names = Object.keys(FAULTS).filter((name) => values.only === undefined || name.includes(values.only));
const rows = await Promise.all(
  names.map(async (name) => {
    const random = seeded(Number(values.seed) + 1_000 * Object.keys(FAULTS).indexOf(name));
    const seeds = Array.from({ length: ROUNDS }, () => Math.floor(2 ** 31 * random()));
    const results = await Promise.all(
      seeds.map((seed) => queue.add(() => play(FAULTS[name], seeded(seed), startUpMs))),
    );
    const sum = (key) => results.reduce((total, result) => total + result[key], 0);
    const failed = sum("failed");
    const answers = results.map(({ answered }) => answered).join(" ");
    process.stderr.write(
      `${name}: ${["invalidFiles", "late", "lost", "left"].map((key) => `${key} ${sum(key)}`).join(", ")}, other exit status: ${failed}; answered ${answers}\n`,
    );
    return [
      name,
      ROUNDS,
      sum("invalidFiles"),
      sum("late"),
      sum("lost"),
      sum("left"),
      failed,
      `${Math.round((100 * sum("answered")) / ROWS / ROUNDS)} %`,
    ];
  }),
);
markdown([
  ["fault", "rounds", "invalid files", "late ends", "rows lost", "processes left", "other exits", "rows answered"],
  ...rows,
]);
process.stderr.write(`${Math.round((performance.now() - began) / 1000)} s\n`);
process.exitCode = rows.some((row) => row.slice(2, 7).some((count) => count !== 0)) ? 1 : 0;
