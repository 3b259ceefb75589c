import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { compileJinja } from "../../src/prompt/jinja/compile.ts";
import { plainWords } from "../../src/prompt/jinja/plain-words.ts";

const LIBRARY = readFileSync(createRequire(import.meta.url).resolve("@huggingface/jinja"), "utf8");
/** Every name of a token, a node or a value in the library. */
const TYPES = [...LIBRARY.matchAll(/(?:\btype = "|^ {2}[A-Z]\w+: ")(\w+)",?;?$/gm)].flatMap(([, type]) => type ?? []);
/** Every text with which it throws an error. */
const MESSAGES = [...LIBRARY.matchAll(/Error\(\s*(["`])((?:(?!\1).)*)\1/g)].flatMap(([, , text]) => text ?? []);

/** No author of a template has met a word such as CloseExpression. */
const COINED = new RegExp(
  `\\b(?:${TYPES.filter((type) => /[a-z][A-Z]/.test(type)).join("|")})\\b|!==|LHS|runtime`,
  "u",
);

describe("the messages of the Jinja library", () => {
  test("are found, and so are the names of its types", () => {
    expect(MESSAGES.length).toBeGreaterThan(80);
    expect(TYPES).toEqual(expect.arrayContaining(["CloseExpression", "StringValue", "OpenCurlyBracket"]));
  });

  test("hold none of the library's own words, whatever type they name", () => {
    const leaks = MESSAGES.flatMap((message) => {
      const filled = TYPES.filter((type) => /(?:Value|Expression|Statement|Bracket|Paren)$/.test(type)).map((type) =>
        plainWords(message.replace(/\$\{[^}]*[tT]ype[^}]*\}/g, type).replace(/\$\{[^}]*\}/g, "x")),
      );
      return filled.filter((text) => COINED.test(text));
    });
    expect([...new Set(leaks)]).toEqual([]);
  });

  test.each([
    ["{{ x }{{ y }}", 'expected "}}", found "}"'],
    ["{% for x in %}{% endfor %}", '"%}" is not expected here'],
    ['{{ "x }}', "a quotation mark or a bracket is not closed"],
    ["{% foo %}", 'there is no statement "foo"'],
    ["{{ 1 + * 2 }}", "an operator is not expected here"],
  ])("say what is wrong in %s", (source, words) => {
    const place = { noun: "template", at: () => "t.jinja:1", remedy: "" };
    expect(() => compileJinja(source, place)).toThrow(words);
  });

  test.each([
    ["{{ x | nofilter }}", 'there is no filter "nofilter" for a text'],
    ["{{ x is weird }}", 'there is no test "weird"'],
    ["{{ x() }}", "a text cannot be called"],
    ["{% for y in 3 %}{% endfor %}", "a loop needs a list or a mapping, found a number"],
  ])("say why %s cannot be rendered", (source, words) => {
    const place = { noun: "template", at: () => "t.jinja:1", remedy: "" };
    expect(() => compileJinja(source, place).render({ x: "text" })).toThrow(words);
  });
});
