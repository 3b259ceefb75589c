import { parseDeadline } from "../../../src/config/deadline.ts";
import { AbtieError, systemCode } from "../../../src/errors.ts";
import { createRandom } from "../random.ts";
import { createFileChecks } from "./checks.ts";
import { createDisk } from "./disk.ts";
import { faultsOfEnd, type Start, textOf } from "./ends.ts";
import { createFileTree } from "./files.ts";
import { configOf, LOCK, RUN_FOLDER, SECOND_FOLDER } from "./job-parts.ts";
import { createLockWatch } from "./lock-watch.ts";
import { watchRealWorld } from "./real-world.ts";
import { runProcess, tableOf } from "./run-process.ts";
import { type Deed, drawJobScenario, type JobScenario } from "./scenario.ts";
import { createServers } from "./servers.ts";
import { armWatchdog } from "./watchdog.ts";
import { createWorld, EPOCH } from "./world.ts";

/** The outcome of the simulation of a seed. */
export interface JobOutcome {
  readonly seed: number;
  /** Equal for two simulations if and only if all their events were. */
  readonly hash: string;
  readonly events: number;
  /** Simulated time, ms. */
  readonly ms: number;
  /** How each process ended, in order. */
  readonly ends: readonly string[];
  readonly violations: readonly string[];
}

const MOST_EVENTS = 200_000;
/** More than the life of an abandoned lock. */
const LAST_PAUSE_MS = 15_000;

/** Simulates the job of a seed: its processes, disk and servers, until a last start to which nothing is done. */
export async function simulateJob(seed: number, onTrace?: (line: string) => void): Promise<JobOutcome> {
  const scenario = drawJobScenario(seed);
  const world = createWorld(onTrace);
  const violations: string[] = [];
  const report = (violation: string): void => {
    world.trace(`VIOLATION ${violation}`);
    if (!violations.includes(violation)) violations.push(violation);
  };
  const onUnhandled = (reason: unknown): void => report(`unhandled rejection: ${textOf(reason)}`);
  const onWarning = (warning: Error): void => report(`warning: ${warning.message}`);
  process.on("unhandledRejection", onUnhandled);
  process.on("warning", onWarning);
  try {
    const { ends } = await watchRealWorld(report, () => simulate(scenario, world, report));
    return { seed, hash: world.hash(), events: world.events(), ms: world.now(), ends, violations };
  } finally {
    process.off("unhandledRejection", onUnhandled);
    process.off("warning", onWarning);
  }
}

async function simulate(scenario: JobScenario, world: ReturnType<typeof createWorld>, report: (text: string) => void) {
  const { seed } = scenario;
  const random = createRandom(seed + 1_000_003);
  const submission = random.chance(0.5) ? `${RUN_FOLDER}/submission.csv` : "/job/submission.csv";
  const tree = createFileTree(["/job"], scenario.disk.isOrdered);
  const weather = { isCalm: false };
  const servers = createServers({
    world,
    plans: scenario.servers,
    random: createRandom(seed + 2_000_003),
    poison: scenario.poison,
    isCalm: () => weather.isCalm,
    calmModel: () => checks.model() ?? "judge",
  });
  const checks = createFileChecks({ scenario, tree, submission, record: servers.record, report });
  const second = scenario.second === null ? null : createSecond(scenario.second);
  const judges = second === null ? [checks] : [checks, second.checks];
  /** The servers of the second judge, and the checks of its own folder, which is that of an ordinary run. */
  function createSecond(plans: NonNullable<JobScenario["second"]>) {
    const own = createServers({
      world,
      plans,
      prefix: "second",
      random: createRandom(seed + 6_000_003),
      poison: scenario.poison,
      isCalm: () => weather.isCalm,
      calmModel: () => watch.model() ?? "judge",
    });
    const watch = createFileChecks({
      scenario,
      tree,
      submission: `${SECOND_FOLDER}/submission.csv`,
      folder: SECOND_FOLDER,
      record: own.record,
      report: (violation) => report(`second judge: ${violation}`),
    });
    return { servers: own, checks: watch };
  }
  const disk = createDisk({
    world,
    tree,
    random: createRandom(seed + 3_000_003),
    faults: scenario.disk.faults,
    isCalm: () => weather.isCalm,
    onBegin: (operation) => {
      const { name, isDead } = operation.process;
      // What is not simulated takes real time: a process may be waiting for it when it is killed.
      if (isDead) report(`${name} goes on after its end: it waited for something that is not simulated`);
      lock.begins(operation);
    },
    onDone: (operation, error) => {
      if (error !== null && operation.path === `${RUN_FOLDER}/journal.jsonl`) checks.journalFailed();
      // The journal of the second judge is missing until that judge is asked.
      if (error !== null && systemCode(error) !== "ENOENT" && operation.path === `${SECOND_FOLDER}/journal.jsonl`) {
        for (const each of judges) each.journalFailed();
      }
      if (error === null) lock.done(operation);
    },
  });
  const lock = createLockWatch(LOCK, report);
  const starts: Start[] = [];
  const ends: string[] = [];
  const deeds = [...scenario.deeds];
  let boot = 0;
  let main: Start | null = null;
  let isOver = false;

  const alive = (): readonly Start[] => starts.filter(({ isDead }) => !isDead);

  const begin = (name: string, elsewhere: boolean, isLast: boolean): Start => {
    const startedAt = world.wall();
    const config = configOf(scenario, submission, EPOCH, !isLast);
    const { deadline } = config.time;
    const from = config.time.startedAt === null ? startedAt : Date.parse(config.time.startedAt);
    const start: Start = {
      name,
      host: elsewhere ? "elsewhere" : "here",
      // A container that is started again gets the same number again.
      pid: elsewhere ? 1 : 100 + starts.length,
      boot,
      startedAt,
      isDead: false,
      stoppedUntil: 0,
      controller: new AbortController(),
      isLast,
      deadlineAt: deadline === null ? null : parseDeadline(deadline, from),
      isDisturbed: false,
      disturbedUntil: 0,
      settled: null,
      cancelWatchdog: () => {},
    };
    starts.push(start);
    world.trace(`${name} starts on ${start.host}`);
    for (const each of judges) each.sessionBegins();
    const number = starts.length;
    runProcess(start, {
      config,
      scenario,
      world,
      disk: disk.of(start),
      servers,
      second: second?.servers ?? null,
      random: createRandom(seed + 4_000_003 + number),
      startOf: (pid) => alive().find((other) => other.pid === pid && tableOf(other) === tableOf(start))?.name ?? null,
      onWork: checks.workBegins,
      armWatchdog: (at) => armWatchdog(start, at, { world, onFire }),
    });
    return start;
  };
  const onFire = (start: Start): void => {
    const slow = scenario.disk.faults.some(({ kind }) => kind === "slow" || kind === "stuck");
    const isTight = start.deadlineAt !== null && start.deadlineAt - start.startedAt < 60_000;
    if (!start.isDisturbed && !slow && !isTight) report(`${start.name} had to be ended by the watchdog`);
    kill(start, "watchdog");
  };

  const kill = (start: Start, how: string): void => {
    start.isDead = true;
    disk.kill(start);
    leave(start, how);
  };

  /** A process has ended: checks its time, and starts the next one. */
  const leave = (start: Start, how: string): void => {
    start.isDead = true;
    servers.hangUp(start);
    second?.servers.hangUp(start);
    ends.push(`${start.name} ${how}`);
    world.trace(`${start.name} ended: ${how}`);
    checkTime(start);
    if (start !== main) return;
    if (start.isLast) {
      isOver = true;
      return;
    }
    const mains = starts.filter(({ name }) => name.startsWith("main")).length;
    const isNextLast = mains >= scenario.starts;
    world.at(world.now() + (isNextLast ? LAST_PAUSE_MS : scenario.pauseMs), null, () => next(mains + 1, isNextLast));
  };
  const next = (number: number, isLast: boolean): void => {
    if (isLast && alive().length > 0) {
      world.at(world.now() + 1_000, null, () => next(number, isLast));
      return;
    }
    if (isLast) weather.isCalm = true;
    if (isLast && [...starts].some(({ host }) => host === "elsewhere")) {
      // A lock of another machine is free when nobody has renewed it for a while.
      world.at(world.now() + LAST_PAUSE_MS, null, () => {
        main = begin(`main ${number}`, false, true);
      });
      return;
    }
    main = begin(`main ${number}`, false, isLast);
  };

  const checkTime = (start: Start): void => {
    if (start.deadlineAt === null) return;
    const { startedAt, deadlineAt } = start;
    const late = world.wall() - deadlineAt;
    // A start after the deadline is refused. After the clock was set, a job may still end in order.
    if (late <= 0 || startedAt >= deadlineAt || world.now() <= start.disturbedUntil + 6_000) return;
    report(`${start.name} ended ${late} ms after its deadline`);
  };

  const settle = (start: Start): void => {
    const { settled } = start;
    if (settled === null || start.isDead) return;
    start.cancelWatchdog();
    const left = world.pendingOf(start);
    if (left > 0) report(`${start.name} has ended and left ${left} timers`);
    if (disk.openFiles(start) > 0) report(`${start.name} has ended and left ${disk.openFiles(start)} files open`);
    checkEnd(start, settled);
    leave(start, "summary" in settled ? settled.summary.end : `error ${textOf(settled.error)}`);
  };

  const checkEnd = (start: Start, settled: NonNullable<Start["settled"]>): void => {
    const facts = { scenario, record: servers.record, wasAlone: starts.length === 1 };
    for (const fault of faultsOfEnd(start, settled, facts)) report(`${start.name} ${fault}`);
    if ("error" in settled) return;
    for (const each of judges) each.checkWhole(settled.summary.end);
    if (start.isLast && tree.find(LOCK) !== null) report("the last start left its lock");
  };

  const perform = (deed: Deed): void => {
    const there = alive();
    const target = there[Math.floor(random.uniform() * there.length)];
    world.trace(`deed: ${deed.kind}`);
    switch (deed.kind) {
      case "kill":
        if (target !== undefined) kill(target, "killed");
        break;
      case "power-cut": {
        for (const start of there) start.isDead = true;
        boot += 1;
        disk.cutPower();
        for (const each of judges) each.powerWasCut();
        for (const start of there) leave(start, "power cut");
        break;
      }
      case "interrupt":
        target?.controller.abort(new AbtieError("interrupted", "interrupted by SIGINT"));
        break;
      case "stop":
        if (target === undefined) break;
        target.stoppedUntil = Math.max(target.stoppedUntil, world.now() + deed.ms);
        target.isDisturbed = true;
        target.disturbedUntil = Math.max(target.disturbedUntil, target.stoppedUntil);
        if (deed.isOvertaken && deed.ms > LAST_PAUSE_MS) {
          world.at(world.now() + LAST_PAUSE_MS, null, () => {
            if (!weather.isCalm) begin(`second ${starts.length}`, false, false);
          });
        }
        break;
      case "jump":
        world.jump(Math.round(deed.ms));
        for (const start of there) {
          start.isDisturbed = true;
          start.disturbedUntil = Math.max(start.disturbedUntil, world.now());
        }
        break;
      case "second-start":
        begin(`second ${starts.length}`, deed.elsewhere, false);
        break;
      default:
        deed satisfies never;
    }
  };

  main = begin("main 1", false, false);
  await world.run(
    () => isOver,
    () => {
      for (const each of judges) each.check();
      for (const start of alive()) settle(start);
      if (world.events() > MOST_EVENTS) {
        report(`no end after ${MOST_EVENTS} events`);
        isOver = true;
      }
      const [deed] = deeds;
      if (isOver || weather.isCalm || deed === undefined || deed.event > world.events()) return false;
      deeds.shift();
      perform(deed);
      return true;
    },
  );
  if (!isOver)
    report(
      `nothing will happen any more, but ${
        alive()
          .map(({ name }) => name)
          .join(", ") || "the last start"
      } has not ended`,
    );
  return { ends };
}
