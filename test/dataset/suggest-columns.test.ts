import { expect, test } from "vitest";
import { openDataset } from "../../src/dataset/open-dataset.ts";
import { temporaryFile } from "./temporary-file.ts";

const rows = (header: string, ...lines: readonly string[]): Promise<string> =>
  temporaryFile(`${[header, ...lines].join("\n")}\n`);

test.each([
  ["id,prompt,answer_left,answer_right", ["answer_left", "answer_right"]],
  ["id,prompt,leftText,rightText", ["leftText", "rightText"]],
  ["id,prompt,first response,second response", ["first response", "second response"]],
  ["id,prompt,Answer One,Answer Two,answer_one_score,answer_two_score", ["Answer One", "Answer Two"]],
  ["id,user_question,output_a,output_b,question_type", ["output_a", "output_b"]],
  ["id,user_msg,reply_left,reply_right,llm_left,llm_right", ["reply_left", "reply_right"]],
])("answers and prompts with names that say so are used, and a note names them: %s", async (header, answers) => {
  const names = header.split(",");
  await using dataset = await openDataset(await rows(header, names.map((name) => `text of ${name}`).join(",")));
  expect(dataset.notes).toContain(
    `answers A and B are the columns ${answers.map((name) => `"${name}"`).join(" and ")}`,
  );
  const row = await dataset.read(0);
  expect([row.responsesA, row.responsesB]).toEqual(answers.map((name) => [`text of ${name}`]));
  const prompt = names.find((name) => ["user_question", "user_msg"].includes(name)) ?? "prompt";
  expect(row.prompts).toEqual([`text of ${prompt}`]);
  if (prompt !== "prompt") expect(dataset.notes).toContain(`the prompt is the column "${prompt}"`);
});

test.each([
  ["sides of something else", "id,prompt,left_image,right_image"],
  ["two pairs of answers", "id,prompt,left answer,right answer,first reply,second reply"],
  ["what only describes the prompt", "id,question_type,answer_left,answer_right"],
  ["two questions", "id,user question,original question,answer_left,answer_right"],
])("is refused with suggestions: %s", async (_, header) => {
  const path = await rows(header, header.replaceAll(/[^,]+/g, "x"));
  await expect(openDataset(path)).rejects.toThrow(/the column "(response_a|prompt)" is missing.* --set /);
});

test.each([
  ["id,prompt,answer,source", "response_a=NAME", "response_b=NAME"],
  ["id,prompt,response_a,category", "response_b=NAME"],
  ["id,prompt,answer,remark", "response_a=NAME", "response_b=NAME"],
  ["id,ask,left,other", "prompt=ask", "response_a=left", "response_b=other"],
  ["id,ask,left,other,subset,topic", "prompt=ask", "response_a=left", "response_b=other"],
  ["id,ask,left,source", "prompt=NAME", "response_a=NAME", "response_b=NAME"],
])("the order of columns says what they are only when none of the texts is known: %s", async (header, ...columns) => {
  const flags = columns.map((column) => `--set columns.${column}`).join(" ");
  await expect(openDataset(await rows(header, header.replaceAll(/[^,]+/g, "x")))).rejects.toThrow(`: ${flags}.`);
});

const WITHOUT = "no column with ids: the id of a row is its number, counted from 0";
const hinted = (name: string, quoted = `columns.id=${name}`): string =>
  `${WITHOUT}; the values of "${name}" are all different: if they are ids, add --set ${quoted}`;

test.each([
  ["unique words", "battle", ["b-1", "b-2", "b-3"], hinted("battle")],
  ["unique whole numbers", "My Nr", ["17", "18", "21"], hinted("My Nr", "'columns.id=My Nr'")],
  ["a value that repeats", "battle", ["b-1", "b-2", "b-1"], WITHOUT],
  ["a value that is missing", "battle", ["b-1", "", "b-3"], WITHOUT],
  ["sentences", "remark", ["a b", "c d", "e f"], WITHOUT],
  ["long texts", "remark", ["x".repeat(101), "y".repeat(101), "z"], WITHOUT],
  ["times", "tstamp", ["1.25", "2.5", "3.75"], WITHOUT],
  ["measures", "turn_tokens", ["17", "18", "21"], WITHOUT],
])("the column that may have the ids is named by its values: %s", async (_, name, values, note) => {
  const lines = values.map((value) => `${value},p,a,b`);
  await using dataset = await openDataset(await rows(`${name},prompt,response_a,response_b`, ...lines));
  expect(dataset.notes).toEqual([note]);
  expect(dataset.ids).toEqual(["0", "1", "2"]);
});

test("a name with a word of ids goes before one without, if its values differ too", async () => {
  const header = "battle,user nr,prompt,response_a,response_b";
  await using both = await openDataset(await rows(header, "x,1,p,a,b", "y,2,p,a,b"));
  expect(both.notes).toEqual([hinted("user nr", "'columns.id=user nr'")]);
  await using one = await openDataset(await rows(header, "x,1,p,a,b", "y,1,p,a,b"));
  expect(one.notes).toEqual([hinted("battle")]);
});

test.each([["number_of_turns,ask,left,right"], ["model_id,ask,left,right"], ["index of language,ask,left,right"]])(
  "a name that counts or describes is not suggested as the ids: %s",
  async (header) => {
    const refused = openDataset(await rows(header, header.replaceAll(/[^,]+/g, "x")));
    await expect(refused).rejects.toThrow(/is missing/);
    await expect(refused).rejects.not.toThrow(/columns\.id=/);
  },
);

test("a name that ends in a word of ids is suggested as the ids", async () => {
  const refused = openDataset(await rows("battle nr,ask,left,right", "1,x,x,x"));
  await expect(refused).rejects.toThrow(/columns\.id=battle nr/);
});
