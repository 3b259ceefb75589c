"""Times vLLM's offline LLM.generate on prompts of token ids, once for each line on stdin.

Run as: python offline_loop.py MODEL PROMPTS.jsonl DTYPE
Prints READY when the engine is warm, then for each line read one JSON object: rows, tokens, seconds of generate alone.
Ends when stdin does.
"""

import json
import sys
import time


def main() -> None:
    from vllm import LLM, SamplingParams

    model, path, dtype = sys.argv[1:4]
    with open(path) as file:
        prompts = [{"prompt_token_ids": json.loads(line)} for line in file]
    llm = LLM(model=model, dtype=dtype, enforce_eager=True, max_model_len=2048, enable_prefix_caching=False)
    params = SamplingParams(max_tokens=1, temperature=0, logprobs=0, detokenize=False)
    llm.generate(prompts[:4], params, use_tqdm=False)
    print("READY", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        llm.generate(prompts, params, use_tqdm=False)
        seconds = time.perf_counter() - began
        tokens = sum(len(prompt["prompt_token_ids"]) for prompt in prompts)
        print(json.dumps({"rows": len(prompts), "tokens": tokens, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
