// A simple client that sends one row, waits for the answer, and sends the next, like a notebook's loop ported to a server.
import { ENGINE } from "../lib/vllm.mjs";

/** Scores the first rows one after another. */
export async function runSequential({ ids, labels }, url, rows) {
  const began = performance.now();
  let tokens = 0;
  for (const prompt of ids.slice(0, rows)) {
    const response = await fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: ENGINE.name,
        prompt,
        max_tokens: 1,
        temperature: 0,
        logprobs: 0,
        logprob_token_ids: labels,
      }),
    });
    if (!response.ok) throw new Error(await response.text());
    await response.json();
    tokens += prompt.length;
  }
  return { rows, tokens, seconds: (performance.now() - began) / 1000 };
}
