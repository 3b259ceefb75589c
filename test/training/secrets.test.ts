import { readdirSync, readFileSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { configSchema } from "../../src/config/schema.ts";
import type { AbtieError } from "../../src/errors.ts";
import { loadRecipe } from "../../src/training/load-recipe.ts";
import { recipeSchema } from "../../src/training/recipe-schema.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { inProcess } from "../helpers/in-process.ts";
import { LABELS, TEMPLATE, TOKENIZER } from "../helpers/job.ts";

const SECRETS: Readonly<Record<string, string>> = {
  "a token of a model hub": "hf_AbCdEfGhIjKlMnOpQrStUv",
  "a key": "sk-proj-AbCdEfGhIjKlMnOpQr",
  "an address with a password": "https://user:hunter22@example.org/model",
  "a header": "Authorization: Bearer abcdefghij123456",
};

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape | readonly Shape[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

/** Lists the paths of all keys in a JSON schema, those of mappings and of their leaves; the items of a list are at 0. */
function pathsOf({ properties = {}, items, anyOf = [], oneOf = [] }: Shape): readonly (readonly string[])[] {
  const inside = Object.entries(properties).flatMap(([key, shape]) => [
    [key],
    ...pathsOf(shape).map((path) => [key, ...path]),
  ]);
  const first = Array.isArray(items) ? items : items === undefined ? [] : [items as Shape];
  const inList = first.length === 0 ? [] : [["0"], ...first.flatMap(pathsOf).map((path) => ["0", ...path])];
  return [...inside, ...inList, ...[...anyOf, ...oneOf].flatMap(pathsOf)];
}

const shapeOf = (schema: z.ZodType): Shape =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as unknown as Shape;
const KEYS = [
  ...new Map(
    [
      ...pathsOf(shapeOf(recipeSchema)),
      ...pathsOf(shapeOf(configSchema)).map((path) => ["data", ...path]),
      ["a_key_that_no_recipe_has"],
      ["training", "hub_token"],
    ].map((path) => [path.join("."), path]),
  ).values(),
];

/** A mapping or list with one value, at the end of these keys. */
const nested = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => (key === "0" ? [inner] : { [key]: inner }), value);

describe("a text in the form of a secret is refused and never shown", () => {
  test("the keys are those of the recipe, its parts and the job in it", () => {
    expect(KEYS.length).toBeGreaterThan(80);
    expect(KEYS.map((path) => path.join("."))).toEqual(
      expect.arrayContaining([
        "base",
        "lora.targets",
        "prove.engine.extra_args.0",
        "data.engine.env",
        "data.columns.id",
      ]),
    );
  });

  test.each(Object.entries(SECRETS))("at every key of a recipe: %s", async (_, secret) => {
    const cwd = await temporaryFolder({ "mine.yaml": "base: ./m\nhead: label\ndata: {input: rows.csv}\n" });
    for (const [top = "", ...rest] of KEYS) {
      const value = nested(rest, secret);
      const override = { from: "--set", path: [top], value };
      const problem = await loadRecipe("mine.yaml", [override], { cwd, env: { HOME: cwd } }).then(
        () => null,
        (error: AbtieError) => error,
      );
      const said = problem === null ? "accepted" : [problem.message, ...problem.details].join("\n");
      expect(said, [top, ...rest].join(".")).toContain("looks like a token or a password");
      expect(said).not.toContain(secret);
    }
  });
});

const FORMS: Readonly<Record<string, string>> = {
  HF_TOKEN: "token-of-mine-without-a-form",
  OPENAI_API_KEY: "key-of-mine-without-a-form",
  WANDB_API_KEY: "0123456789abcdef0123456789abcdef01234567",
  CLOUD_SECRET: "secret-of-the-cloud",
  UV_INDEX_URL: "https://me:password-of-mine@example.org/simple",
};
const HIDDEN = [...Object.values(FORMS).filter((value) => !value.startsWith("https:")), "password-of-mine"];

test("no file of a chain and no message holds a secret of the environment, although every program prints it", async () => {
  const python = resolve("test/fixtures/training/python");
  const rows = Array.from({ length: 12 }, (_, row) => `${row},prompt ${row},one ${row},two ${row},1,0,0`);
  const folder = await temporaryFolder({
    "rows.csv": ["id,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie", ...rows].join("\n"),
    "template.jinja": TEMPLATE,
    "recipe.yaml":
      "base: ./base\nhead: label\ndata: {input: rows.csv, template: ./template.jinja, context: 200}\nquantize: {group: 64}\n",
  });
  expect(LABELS).toHaveLength(3);
  await cp(TOKENIZER, join(folder, "base"), { recursive: true });
  await writeFile(join(folder, "base/config.json"), JSON.stringify({ architectures: ["LlamaForCausalLM"] }));
  const env = { ...FORMS, PATH: process.env["PATH"] ?? "", FAKE_PRINTS_ENVIRONMENT: "1" };
  const words = ["make", "recipe.yaml", "-o", "made", "--python", python, "--quantize-python", python];
  const made = await inProcess([...words, "--until", "quantize"], folder, env);
  expect(made.status, made.stderr).toBe(0);
  const failed = await inProcess([...words.slice(0, 3), "other", ...words.slice(4), "--until", "train"], folder, {
    ...env,
    FAKE_TRACEBACK: `ValueError: refused ${Object.values(FORMS).join(" ")}`,
  });
  expect(failed.status).toBe(4);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const logs = files.filter(({ name }) => name.endsWith(".log"));
  expect(logs.map(({ name }) => name.replace(/-.*/, "")).toSorted()).toEqual([
    "merge",
    "quantize.log",
    "train.log",
    "train.log",
  ]);
  for (const { parentPath, name } of files) expectClean(readFileSync(join(parentPath, name), "utf8"), name);
  for (const { parentPath, name } of logs) expect(readFileSync(join(parentPath, name), "utf8")).toContain("[secret]");
  for (const { stdout, stderr } of [made, failed]) expectClean(stdout + stderr, "what was printed");
});

function expectClean(text: string, where: string): void {
  for (const secret of HIDDEN) expect(text.includes(secret), `${secret} in ${where}`).toBe(false);
}
