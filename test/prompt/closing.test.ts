import { expect, test } from "vitest";
import { closingText } from "../../src/prompt/tokenizer/closing.ts";

const ENDS = [
  ["ChatML opens nothing", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>\n<|im_start|>assistant\n", ""],
  [
    "a finished message with an empty think block does not put one into an open answer",
    "<|im_end|>\n<|im_start|>assistant\n",
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    "",
  ],
  ["an empty think block is closed already", "<|im_start|>assistant\n<think>\n\n</think>\n\n", null, ""],
  ["an open block is closed as Qwen does", "<|im_start|>assistant\n<think>\n", null, "\n</think>\n\n"],
  ["an open block without a line end is closed at once", "<｜Assistant｜><think>", "<｜Assistant｜>", "</think>"],
  [
    "an open block is closed as the template closes it in a finished message",
    "<|assistant|>\n<think>",
    "<|assistant|>\n<think></think>\n",
    "</think>\n",
  ],
  ["an open block that has begun", "assistant\n<think>\nOkay, ", null, "\n\n</think>\n\n"],
  ["thinking", "\n<thinking>\n", null, "\n</thinking>\n\n"],
  ["thought", "[|assistant|]<thought>\n", null, "\n</thought>\n\n"],
  ["reasoning", " assistant: <reasoning>\n", null, "\n</reasoning>\n\n"],
  ["a name with a prefix", "<seed:bos>assistant\n<seed:think>", null, "</seed:think>"],
  ["square brackets", "[/INST][THINK]", null, "[/THINK]"],
  ["tokens in bars", "<|CHATBOT_TOKEN|><|START_THINKING|>", null, "<|END_THINKING|>"],
  [
    "a block of tokens and then a channel",
    "<|CHATBOT_TOKEN|><|START_THINKING|>",
    "<|CHATBOT_TOKEN|><|START_TEXT|>",
    "<|END_THINKING|><|START_TEXT|>",
  ],
  [
    "a closed block and then a channel",
    "<|CHATBOT_TOKEN|><|START_THINKING|><|END_THINKING|>",
    "<|CHATBOT_TOKEN|><|START_RESPONSE|>",
    "<|START_RESPONSE|>",
  ],
  ["tokens in bars with nothing in them", "<|CHATBOT_TOKEN|><|START_THINKING|><|END_THINKING|>", null, ""],
  ["triangles", "<|im_middle|>◁think▷", null, "◁/think▷"],
  [
    "the final channel is opened",
    "<|end|><|start|>assistant",
    "<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>final<|message|>",
  ],
  [
    "the response of Command A is opened",
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|><|START_RESPONSE|>",
    "<|START_RESPONSE|>",
  ],
  ["the recipient of Muse", "<|start|>assistant", "<|start|>assistant to=user<|message|>", " to=user<|message|>"],
  ["the content token of Solar", "<|begin|>assistant", "<|begin|>assistant<|content|>", "<|content|>"],
  ["a lonely closing tag is no channel", "]~b]ai\n", "]~b]ai\n</mm:think>", ""],
  [
    "reasoning in words",
    "<|begin_assistant|>\nHere are my reasoning steps:\n",
    "<|begin_assistant|>\n",
    "\n[BEGIN FINAL RESPONSE]\n\n",
  ],
  ["a space before the answer is no channel", " ASSISTANT:", " ASSISTANT: ", ""],
  ["a finished message that goes on otherwise", "<|start|>assistant\n", "<|start|>assistant<|channel|>final", ""],
  ["nothing behind the user's text", "", "\n", ""],
] as const;

test.each(ENDS)("%s", (_, generation, finished, closing) => {
  expect(closingText(`user text${generation}`, { generation, finished })).toBe(closing);
});

test("the end of the prompt at hand decides when a template opens the block for some texts only", () => {
  const opened = { generation: "<|im_start|>assistant\n<think>\n", finished: null };
  expect(closingText("text<|im_start|>assistant\n<think></think>", opened)).toBe("");
  const closed = { generation: "<|im_start|>assistant\n<think></think>", finished: null };
  expect(closingText("text<|im_start|>assistant\n<think>\n", closed)).toBe("\n</think>\n\n");
});
