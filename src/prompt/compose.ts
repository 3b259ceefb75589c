import type { Template } from "./template/template.ts";
import type { TemplateVariables } from "./template/variables.ts";
import type { Message, Tokenizer } from "./tokenizer/tokenizer.ts";

/** A prompt before it is encoded: one text, or the messages of a chat together with the beginning of the answer. */
export type Prompt =
  | { readonly format: "raw"; readonly text: string }
  | { readonly format: "chat"; readonly messages: readonly Message[]; readonly answerPrefix: string };

/**
 * Fills a template and appends the answer prefix and `suffix`, the text with which the answer continues, for example a
 * label.
 */
export function composePrompt(template: Template, variables: TemplateVariables, suffix: string): Prompt {
  const body = template.render(variables);
  const answer = template.answerPrefix + suffix;
  switch (template.format) {
    case "text":
      return { format: "raw", text: body + answer };
    case "raw":
      return { format: "raw", text: `${body}\n${answer}` };
    case "chat": {
      const user: Message = { role: "user", content: body };
      const messages =
        template.system === null ? [user] : [{ role: "system" as const, content: template.system }, user];
      return { format: "chat", messages, answerPrefix: answer };
    }
    default:
      return template.format satisfies never;
  }
}

/**
 * Encodes a prompt: a raw prompt with the special tokens that the model puts around a text, a chat with the special
 * tokens of its chat template.
 */
export function encodePrompt(tokenizer: Tokenizer, prompt: Prompt): Promise<readonly number[]> {
  return prompt.format === "raw"
    ? tokenizer.encode(prompt.text, true)
    : tokenizer.encodeChat(prompt.messages, prompt.answerPrefix);
}

/** Renders a prompt as text for a person. Each message of a chat follows its role. */
export function describePrompt(prompt: Prompt): string {
  if (prompt.format === "raw") return prompt.text;
  const messages = [...prompt.messages, { role: "assistant", content: prompt.answerPrefix }];
  return messages.map(({ role, content }) => `[${role}]\n${content}`).join("\n\n");
}
