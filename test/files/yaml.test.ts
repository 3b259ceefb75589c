import { describe, expect, test } from "vitest";
import { parseBoundedYaml } from "../../src/files/yaml.ts";

/** Words of the YAML library that mean nothing to the author of a config. */
const COINED = /flow|implicit|scalar|compact|directive|indicator|sequence|node|token|parse/i;

describe("what is wrong with a YAML text", () => {
  test.each([
    ["input: [a", "a bracket that was opened is not closed"],
    ["a: 1\n  b: 2", "a second colon, or a deeper line"],
    ["a: 1\na: 2", "the key is given twice"],
    ["\ta: 1", "indented with a tab"],
    ['a: "x', "a quotation mark"],
    ["a: {b: 1", "a bracket that was opened is not closed"],
    ["a: *b", "the alias *b stands for nothing"],
    ["a: %x", "put the text in quotation marks"],
    ["a: @x", "put the text in quotation marks"],
    ["a: !!foo x", "a tag (!name) is unknown"],
    ["a: x: y", "put a text with a colon in quotation marks"],
    ["a: 1\nb\nc: 2", "colon, dash or space is missing here"],
    ['a: "\\q"', "a backslash"],
    ["a: [b,, c]", "a character is not expected here"],
    ["a: 1\n---\nb: 2", "a second document begins here (---)"],
  ])("is said in plain words: %j", (text, words) => {
    const { problems } = parseBoundedYaml(text);
    expect(problems.map(({ message }) => message).join("\n")).toContain(words);
    for (const { message } of problems) expect(message).not.toMatch(COINED);
  });
});
