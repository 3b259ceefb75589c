"""Times vLLM's offline LLM.generate on prompts of token ids: what the engine can do without any server or client.

Run as: python offline.py MODEL PROMPTS.jsonl [key=value of LLM ...]
Prints one JSON object: rows, tokens, seconds (of generate alone, after a warm-up), tokens_per_second, rows_per_second.
"""

import json
import sys
import time


def main() -> None:
    from vllm import LLM, SamplingParams

    options = dict(part.split("=", 1) for part in sys.argv[3:])
    parsed = {key: json.loads(value) if value[:1] in "0123456789tfn" else value for key, value in options.items()}
    with open(sys.argv[2]) as file:
        prompts = [{"prompt_token_ids": json.loads(line)} for line in file]
    llm = LLM(model=sys.argv[1], enable_prefix_caching=False, **parsed)
    params = SamplingParams(max_tokens=1, temperature=0, logprobs=3, detokenize=False)
    llm.generate(prompts[:64], params, use_tqdm=False)
    began = time.perf_counter()
    llm.generate(prompts, params, use_tqdm=False)
    seconds = time.perf_counter() - began
    tokens = sum(len(prompt["prompt_token_ids"]) for prompt in prompts)
    figures = {
        "rows": len(prompts),
        "tokens": tokens,
        "seconds": round(seconds, 2),
        "tokens_per_second": round(tokens / seconds),
        "rows_per_second": round(len(prompts) / seconds, 2),
    }
    print("OFFLINE " + json.dumps(figures))


if __name__ == "__main__":
    main()
