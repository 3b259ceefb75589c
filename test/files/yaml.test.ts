import { describe, expect, test } from "vitest";
import { parseBoundedYaml } from "../../src/files/yaml.ts";

/** Words of the YAML library that mean nothing to the author of a config. */
const COINED = /flow|implicit|scalar|compact|directive|indicator|sequence|node|token|parse/i;

describe("what is wrong with a YAML text", () => {
  test.each([
    ["input: [a", "a bracket is opened here and not closed"],
    ["a: 1\n  b: 2", "the line is indented deeper than the one before"],
    ["a: 1\na: 2", "the key is given twice"],
    ["\ta: 1", "indented with a tab"],
    ['a: "x', "a quotation mark"],
    ["a: {b: 1", "a bracket is opened here and not closed"],
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

  test.each([
    ["input: rows.csv\n  bad: [1, 2\nx: y\n", 2, "the line is indented deeper"],
    ['a: 1\ninput: "rows.csv\ntemplate: rules\n', 2, "a quotation mark is opened here and not closed"],
    ["a: 1\nb: [1, 2\nc: 3\nd: 4\n", 2, "a bracket is opened here and not closed"],
    ["a: 1\nb: {c: [1, 2}\nd: 4\n", 2, "bracket"],
    ["a: 1\nb c\nd: 2\n", 2, "colon, dash or space is missing here"],
    ["engine:\n attach: x\n  model: y\n", 3, "the line is indented deeper"],
    ["a: 1\nb: 2\na: 3\n", 3, "the key is given twice"],
  ])("is said once, at the line where a person mends it: %j", (text, line, words) => {
    const { problems, positionOf } = parseBoundedYaml(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(words);
    expect(positionOf(problems[0]?.offset ?? 0).line).toBe(line);
  });
});
