import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type SpawnSpec, serverArguments } from "../../src/engine/life/server-arguments.ts";
import { openServerLog } from "../../src/engine/life/server-log.ts";
import { stageOf } from "../../src/engine/life/start-stages.ts";
import { temporaryFolder } from "./helpers.ts";

describe("the server's arguments", () => {
  const spec = (args: readonly string[]): SpawnSpec => ({
    command: "vllm",
    args,
    env: {},
    readyMs: 1,
    model: "/models/judge",
    host: "127.0.0.1",
    port: null,
    stopGraceMs: 1,
  });

  test("get their placeholders filled, several in one argument too", () => {
    const args = [
      "serve",
      "{model}",
      "--port={port}",
      "--host",
      "{host}",
      "--served-model-name",
      "{served_model_name}",
      "{port}{port}",
    ];
    expect(serverArguments(spec(args), 8001, "abtie-1")).toEqual([
      ...["serve", "/models/judge", "--port=8001", "--host", "127.0.0.1", "--served-model-name", "abtie-1", "80018001"],
    ]);
  });

  test("are completed by host, port and served name", () => {
    const expected = ["serve", "--host", "127.0.0.1", "--port", "8001", "--served-model-name", "abtie-1"];
    expect(serverArguments(spec(["serve"]), 8001, "abtie-1")).toEqual(expected);
  });

  test("keep braces that are no placeholder, such as JSON", () => {
    expect(serverArguments(spec(['{"a":1}', "{other}"]), 1, "x").slice(0, 2)).toEqual(['{"a":1}', "{other}"]);
  });
});

describe("the stage of a start", () => {
  test.each([
    ["(Worker pid=9) INFO [cpu_model_runner.py:68] Starting to load model /m...", "loading the model"],
    [
      "Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:01<00:00,  1.73s/it]",
      "loading weights, part 1 of 2",
    ],
    [
      "INFO [gpu_model_runner.py:5150] Model loading took 17.2345 GiB memory and 63.1 seconds",
      "model loaded, 17.2 GiB",
    ],
    [
      "INFO [kv_cache_utils.py:2327] CPU KV cache size: 46,592 tokens, Maximum concurrency for 2,048 tokens per request: 22.75x",
      "key-value cache for 46,592 tokens, room for 22.75 prompts of 2,048 tokens at once",
    ],
    ["INFO GPU KV cache size: 46,592 tokens", "key-value cache for 46,592 tokens"],
    ["INFO Maximum concurrency for 2048 tokens per request: 22.75x", "room for 22.75 prompts of 2048 tokens at once"],
    [
      "INFO [core.py:402] init engine (profile, create kv cache, warmup model) took 5.64 s",
      "engine initialised in 5.6 s",
    ],
    ["INFO:     Application startup complete.", "starting to listen"],
    ['INFO:     127.0.0.1:45186 - "GET /health HTTP/1.1" 200 OK', null],
  ])("is read from %s", (line, stage) => {
    expect(stageOf(line)).toBe(stage);
  });
});

describe("the server's log", () => {
  test("gives news line by line, keeping an unfinished line for later, and leaves out an earlier start", async () => {
    const path = join(await temporaryFolder(), "deep", "server.log");
    await openServerLog(path);
    await appendFile(path, "an earlier start\n");
    const log = await openServerLog(path);
    await appendFile(path, "one\ntwo, unfin");
    expect(await log.newLines()).toEqual(["one"]);
    expect(await log.newLines()).toEqual([]);
    await appendFile(path, "ished\rprogress 10%\rprogress 20%\n\n");
    expect(await log.newLines()).toEqual(["two, unfinished", "progress 10%", "progress 20%", ""]);
    expect(await log.lines()).toEqual(["one", "two, unfinished", "progress 10%", "progress 20%"]);
  });
});
