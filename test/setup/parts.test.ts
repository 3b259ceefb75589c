import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/files/hash.ts";
import { pythonEnv } from "../../src/process/python-env.ts";
import { locateHome, modelFolder } from "../../src/setup/home.ts";
import { chooseFlavour } from "../../src/setup/install-engine.ts";
import { RECIPE } from "../../src/setup/pins.ts";
import { parsePipConfig, toUvSettings } from "../../src/setup/pip-settings.ts";
import { temporaryFolder } from "../helpers/folder.ts";

describe("the folder", () => {
  test.each([
    [{ ABTIE_HOME: "/data/abtie", XDG_CACHE_HOME: "/x", HOME: "/h" }, "/data/abtie"],
    [{ ABTIE_HOME: "", XDG_CACHE_HOME: "/x", HOME: "/h" }, "/x/abtie"],
    [{ XDG_CACHE_HOME: "relative", HOME: "/h" }, "/h/.cache/abtie"],
    [{ XDG_CACHE_HOME: "", HOME: "/h" }, "/h/.cache/abtie"],
  ])("is located from %j", (env, expected) => {
    expect(locateHome(env)).toBe(expected);
  });

  test("has the model where the profile of the demo looks for it", () => {
    const profile = readFileSync(new URL("../../launch/engines/cpu-smollm2.yaml", import.meta.url), "utf8");
    expect(profile).toContain(`model: "${modelFolder("{home}")}"`);
  });
});

describe("pip's settings", () => {
  const text = [
    "global.index-url='https://weak.test/simple'",
    "install.extra-index-url='https://one.test/simple\\nhttps://two.test/simple'",
    ":env:.index-url='https://user:p%40ss@strong.test/simple'",
    ":env:.find-links='/here /missing https://links.test'",
    "global.cert='/etc/certs.pem'",
    "freeze.timeout='10'",
  ].join("\n");
  const exists = (path: string): boolean => path === "/here";

  test("become uv's, the stronger source first, without folders that are missing", () => {
    expect(toUvSettings(parsePipConfig(text), {}, exists)).toEqual({
      UV_DEFAULT_INDEX: "https://user:p%40ss@strong.test/simple",
      UV_INDEX: "https://one.test/simple https://two.test/simple",
      UV_FIND_LINKS: "/here,https://links.test",
      SSL_CERT_FILE: "/etc/certs.pem",
    });
  });

  test("leave the own settings of uv alone", () => {
    const env = { UV_INDEX_URL: "https://own.test/simple", SSL_CERT_FILE: "/own.pem" };
    expect(toUvSettings(parsePipConfig(text), env, exists)).toEqual({ UV_FIND_LINKS: "/here,https://links.test" });
  });

  test("are empty when pip has none", () => {
    expect(toUvSettings(parsePipConfig(""), {}, exists)).toEqual({});
  });
});

test("the tools do not see a virtual environment or a Python path of the person, but their proxy", () => {
  const env = pythonEnv({ PYTHONPATH: "/p", VIRTUAL_ENV: "/v", HTTPS_PROXY: "http://proxy.test", NOTHING: undefined });
  expect(env).not.toHaveProperty("PYTHONPATH");
  expect(env).not.toHaveProperty("VIRTUAL_ENV");
  expect(env).not.toHaveProperty("NOTHING");
  expect(env).toMatchObject({ HTTPS_PROXY: "http://proxy.test", HF_HUB_OFFLINE: "1" });
});

describe("the build of vLLM", () => {
  const signal = new AbortController().signal;
  test.each([
    ["echo 'GPU 0: NVIDIA H200 (UUID: GPU-1)'", "cuda"],
    ["echo 'No devices found.'", "cpu"],
    ["echo 'GPU 0: broken'; exit 9", "cpu"],
  ] as const)("follows nvidia-smi: %s gives %s", async (script, expected) => {
    const folder = await temporaryFolder({ "nvidia-smi": `#!/bin/sh\n${script}\n` });
    const { chmod } = await import("node:fs/promises");
    await chmod(`${folder}/nvidia-smi`, 0o755);
    expect(await chooseFlavour({ env: { PATH: folder }, signal })).toBe(expected);
  });

  test("is the CPU's without nvidia-smi", async () => {
    expect(await chooseFlavour({ env: { PATH: "/nowhere" }, signal })).toBe("cpu");
  });

  test("is the one asked for, whatever the machine has", async () => {
    expect(await chooseFlavour({ gpu: "cuda", env: { PATH: "/nowhere" }, signal })).toBe("cuda");
  });
});

// When one of these fails: raise the number in src/setup/pins.ts, so that what others have installed is made again, and put the new
// sum here. A change that does not matter to what is installed (a comment) needs the sum alone.
test.each([
  ["cpu", 1, ["cpu-requirements.txt", "cpu-overrides.txt", "cpu-constraints.txt", "name_vllm.py"], "fb71acc00503"],
  ["cuda", 1, ["cuda-requirements.txt", "cuda-constraints.txt"], "bdb4825cc758"],
  ["model", 1, ["model-requirements.txt", "convert_gguf.py"], "64a06d962447"],
  ["peft", 1, ["merge-requirements.txt"], "3ac7372a7be9"],
  ["training", 1, ["train-requirements.txt"], "021be04e61bd"],
  ["quantizer", 1, ["quantize-requirements.txt"], "ac53c39686da"],
] as const)("the recipe of %s is number %i for these files", (name, recipe, files, sum) => {
  const texts = files.map((file) => readFileSync(new URL(`../../launch/python/${file}`, import.meta.url), "utf8"));
  expect({ recipe: RECIPE[name], sum: sha256(texts.join("\0")).slice(0, 12) }).toEqual({ recipe, sum });
});
