import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { splitArguments } from "../../src/config/secret-arguments.ts";
import { secretsOf } from "../../src/config/secrets-of.ts";
import { findClasses } from "../../src/judge/classes.ts";
import { temporaryFolder } from "../helpers/folder.ts";

async function load(engine: string, apiKey?: string): Promise<Config> {
  const folder = await temporaryFolder({ "job.yaml": `input: rows.csv\nengine: ${engine}\n` });
  const places = {
    cwd: folder,
    packageRoot: resolve("."),
    home: "/c",
    python: "/c/python",
    env: { OPENAI_API_KEY: apiKey },
    findClasses,
  };
  return loadConfig("job.yaml", [], places);
}

const revealed = (config: Config): readonly string[] => secretsOf(config).map((secret) => secret.reveal());

test("the secrets of an attached server are its key, and user, password and query of its address", async () => {
  const config = await load(
    "{attach: ['http://me:passw0rd@host:1/v1?token=abcd1234', 'http://b:2'], api_key: key-12345}",
  );
  expect(JSON.stringify(config)).not.toMatch(/passw0rd|abcd1234|key-12345|me:/);
  expect(config.engine).toMatchObject({ urls: ["http://host:1/v1", "http://b:2"] });
  expect(revealed(config)).toEqual(expect.arrayContaining(["key-12345", "passw0rd", "token=abcd1234", "abcd1234"]));
});

test("the secrets of a server that abtie starts are its variables and its key, which leaves the arguments", async () => {
  const engine = "{command: vllm, model: m, args: [serve, --api-key, key-12345, '{model}'], env: {HF_TOKEN: hf_12345}}";
  const config = await load(engine, "another-key");
  expect(JSON.stringify(config)).not.toMatch(/key-12345|hf_12345/);
  expect(config.engine).toMatchObject({ args: ["serve", "m"] });
  expect(config.engine.apiKey.reveal()).toBe("key-12345");
  expect(config.engine.kind === "spawn" && config.engine.env["VLLM_API_KEY"]?.reveal()).toBe("key-12345");
  expect(revealed(config)).toEqual(expect.arrayContaining(["key-12345", "hf_12345"]));
});

test("the key comes from the environment, then from the config; an empty one counts as none", async () => {
  expect((await load("{attach: 'http://h', api_key: written}", "given")).engine.apiKey.reveal()).toBe("given");
  expect((await load("{attach: 'http://h', api_key: written}", "")).engine.apiKey.reveal()).toBe("written");
  const none = await load("{attach: 'http://h'}");
  expect(none.engine.apiKey.reveal()).toBe("EMPTY");
  expect(secretsOf(none)).toEqual([]);
});

describe("arguments", () => {
  test.each([
    ["vllm serve m --api-key KEY --port 1", ["serve", "m", "--port", "1"], true],
    ["python -m vllm.entrypoints.openai.api_server --api-key=KEY", ["-m", "vllm.entrypoints.openai.api_server"], true],
    ["vllm serve --api-key KEY OTHER --port 1", ["serve", "--port", "1"], true],
    ["vllm serve --api-key KEY {model}", ["serve", "{model}"], true],
    ["llama-server -m x --api-key KEY", ["-m", "x"], true],
    ["python -m sglang.launch_server --api-key KEY", ["-m", "sglang.launch_server", "--api-key", "[secret]"], false],
    [
      "other --api-key KEY --ssl-keyfile-password KEY",
      ["--api-key", "[secret]", "--ssl-keyfile-password", "[secret]"],
      false,
    ],
    ["vllm serve --hf-token KEY", ["serve", "--hf-token", "[secret]"], false],
    ["vllm serve --max-num-batched-tokens 10", ["serve", "--max-num-batched-tokens", "10"], false],
  ])("%s", (line, shown, moved) => {
    const [command = "", ...written] = line.split(" ");
    const { args, env, apiKey } = splitArguments(command, written);
    expect(JSON.parse(JSON.stringify(args))).toEqual(shown);
    expect(env["VLLM_API_KEY"]).toBe(moved ? "KEY" : undefined);
    expect(apiKey?.reveal()).toBe(/--api-key/.test(line) ? "KEY" : undefined);
  });
});

describe("an impossible key is refused without being shown", () => {
  test.each([
    ["a line break inside", "sk-12\n34567"],
    ["a line break at the end", "sk-1234567\n"],
    ["a letter that is not ASCII", "sk-1234é67"],
    ["a control character", "sk-1234\u00017"],
    ["a space at the end", "sk-1234567 "],
  ])("%s", async (_name, key) => {
    const sources = [
      () => load("{attach: 'http://h'}", key),
      () => load(`{attach: 'http://h', api_key: ${JSON.stringify(key)}}`),
      () => load(`{command: vllm, model: m, args: [--api-key, ${JSON.stringify(key)}]}`),
      () => load(`{command: vllm, model: m, env: {VLLM_API_KEY: ${JSON.stringify(key)}}}`),
    ];
    for (const start of sources) {
      const error = await start().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "config", message: expect.stringMatching(/a key cannot contain/) });
      expect(String(error)).not.toContain("sk-12");
    }
  });

  test("an address that is none", async () => {
    const error = await load("{attach: 'http://me:passw0rd@host:99999999/'}").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "config", message: expect.stringMatching(/expected a URL/) });
    expect(String(error)).not.toContain("passw0rd");
  });
});
