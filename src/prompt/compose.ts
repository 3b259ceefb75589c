import type { Template } from "./template.ts";
import type { Message, Tokenizer } from "./tokenizer.ts";
import type { TemplateVariables } from "./view.ts";

/** A prompt as text: what is encoded at once, or the messages of a chat and the beginning of the answer. */
export type Prompt =
  | { readonly format: "raw"; readonly text: string }
  | { readonly format: "chat"; readonly messages: readonly Message[]; readonly answerPrefix: string };

/** Fills a template and puts the answer prefix behind it; `suffix` continues the answer, for example with a label. */
export function composePrompt(template: Template, variables: TemplateVariables, suffix: string): Prompt {
  const body = template.render(variables);
  const answer = template.answerPrefix + suffix;
  switch (template.format) {
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

/** Encodes a prompt: a raw one with the model's special tokens around it, a chat with those of its chat template. */
export function encodePrompt(tokenizer: Tokenizer, prompt: Prompt): Promise<readonly number[]> {
  return prompt.format === "raw"
    ? tokenizer.encode(prompt.text, true)
    : tokenizer.encodeChat(prompt.messages, prompt.answerPrefix);
}

/** Shows a prompt to a person; a chat as its messages, each under its role. */
export function describePrompt(prompt: Prompt): string {
  if (prompt.format === "raw") return prompt.text;
  const messages = [...prompt.messages, { role: "assistant", content: prompt.answerPrefix }];
  return messages.map(({ role, content }) => `[${role}]\n${content}`).join("\n\n");
}
