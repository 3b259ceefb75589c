import { once } from "node:events";
import { copyFile, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startFakeServer } from "../../src/commands/fake-server.ts";
import { systemClock } from "../../src/system.ts";
import { startAbtie } from "../helpers/abtie.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { until } from "../helpers/processes.ts";

const USUAL = { port: 0, rowsPerSecond: null, latencyMs: 0, seed: 0, quality: 0.7, maxModelLen: 8192, faults: [] };

/** Judges the example rows in both orders and gives the log loss against their labels. */
async function judgeExamples(options: Partial<Parameters<typeof startFakeServer>[0]>) {
  const folder = await temporaryFolder();
  await copyFile("examples/rows.csv", join(folder, "rows.csv"));
  await using server = await startFakeServer({ ...USUAL, ...options }, { clock: systemClock });
  const attach = ["--base-url", server.url, "--tokenizer", server.tokenizer];
  const run = await inProcess(["run", "-i", "rows.csv", ...attach, "-o", "submission.csv", "--json"], folder);
  expect(run).toMatchObject({ status: 0 });
  const evaluation = await inProcess(["evaluate", "submission.csv", "--labels", "rows.csv", "--json"], folder);
  const submission = await readFile(join(folder, "submission.csv"), "utf8");
  const manifest = await readFile(join(folder, "runs/run/manifest.json"), "utf8");
  return {
    manifest,
    evaluation: JSON.parse(evaluation.stdout),
    submission,
    stats: server.stats,
  };
}

test("judges the examples better than without any quality, with the same verdicts in spite of faults", async () => {
  const good = await judgeExamples({ quality: 1 });
  const faults = [
    { kind: "http500", rate: 0.1 },
    { kind: "reset", rate: 0.1 },
  ];
  const disturbed = await judgeExamples({ quality: 1, faults });
  const blind = await judgeExamples({ quality: 0 });
  const logLoss = ({ evaluation }: Awaited<ReturnType<typeof judgeExamples>>): number =>
    evaluation.scores[0].evaluation.logLoss.mean;
  expect(logLoss(good)).toBeLessThan(logLoss(blind) - 0.1);
  expect(Object.keys(disturbed.stats.faults)).not.toEqual([]);
  expect(disturbed.submission).toBe(good.submission);
  expect(good.manifest).toContain("fake-made-up-verdicts");
});

test("prints its address, says that nothing is judged, and ends with Ctrl-C", async () => {
  const server = startAbtie(["fake-server", "--port", "0", "--json", "--latency", "1"], {
    cwd: await temporaryFolder(),
  });
  await until("it says that its verdicts are made up", async () => server.said().includes("made up"));
  await until("it answers a signal", async () => {
    server.child.kill("SIGINT");
    return server.child.exitCode !== null;
  });
  const { status, stdout, stderr } = await server.ended;
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ model: "fake-made-up-verdicts", url: /^http:\/\/127/ });
  expect(stderr).toContain("stopped after 0 prompts in 0 requests");
});

test("refuses a port that is in use, and a fault that it does not know", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const taken = await inProcess(["fake-server", "--port", String(port)], "/");
  expect(taken).toMatchObject({ status: 2, stdout: "" });
  expect(taken.stderr).toBe(
    `port ${port} of 127.0.0.1 cannot be used: another program uses it; give another with --port, or a free one with --port 0.\n`,
  );
  for (const fault of ["flood", "toString", "reset:2", "reset:x", "reset:0.1:3"]) {
    expect(await inProcess(["fake-server", "--fault", fault], "/")).toMatchObject({ status: 2 });
  }
  expect((await inProcess(["fake-server", "--fault", "flood"], "/")).stderr).toContain("http500, overloaded");
});
