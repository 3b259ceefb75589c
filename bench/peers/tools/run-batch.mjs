// vllm run-batch: a file of OpenAI chat requests, as its documentation shows; it starts the engine itself.
import { join } from "node:path";
import { readLines, writeLines } from "../job.mjs";

export const runBatch = {
  name: "vllm run-batch",
  kinds: ["cold"],
  prepare: async ({ folder, chats, labels, served }) => {
    const requests = chats.map((messages, row) => ({
      custom_id: `row-${row}`,
      method: "POST",
      url: "/v1/chat/completions",
      body: {
        model: served,
        messages,
        add_generation_prompt: false,
        continue_final_message: true,
        max_tokens: 1,
        temperature: 0,
        logprobs: true,
        // Without these ids a label that is not among the 20 most probable tokens is missing from the answer.
        logprob_token_ids: labels,
        return_tokens_as_token_ids: true,
      },
    }));
    await writeLines(join(folder, "run-batch.jsonl"), requests);
  },
  command: async ({ folder, served }, { env, python, engineArgs, model }) => ({
    command: python,
    args: [
      ...["-m", "vllm.entrypoints.cli.main", "run-batch", "-i", "run-batch.jsonl", "-o", "run-batch-out.jsonl"],
      ...["--model", model, "--served-model-name", served, ...engineArgs],
    ],
    // Its progress bar tells when scoring begins; any value of the variable takes it away.
    env: { ...env, TQDM_DISABLE: undefined },
    cwd: folder,
    file: join(folder, "run-batch-out.jsonl"),
  }),
  result: async ({ folder, labels, rows }, { stderr }) => {
    const bars = stderr.filter(({ text }) => /Running batch/.test(text));
    const logProbs = Array.from({ length: rows }, () => null);
    const failed = [];
    for (const { custom_id, response, error } of await readLines(join(folder, "run-batch-out.jsonl"))) {
      const row = Number(custom_id.slice(4));
      const top = response?.body?.choices?.[0]?.logprobs?.content?.[0]?.top_logprobs;
      if (top === undefined) failed.push(JSON.stringify(error ?? response).slice(0, 200));
      else logProbs[row] = labels.map((id) => top.find(({ token }) => token === `token_id:${id}`)?.logprob ?? null);
    }
    return { scoring: bars.length < 2 ? null : bars.at(-1).at - bars[0].at, logProbs, note: failed[0] ?? "" };
  },
};
