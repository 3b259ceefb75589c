"""Times vLLM's offline LLM.generate on prompts of token ids: one pass for each line on stdin.

Run as: python offline_loop.py MODEL PROMPTS.jsonl [OPTIONS OF LLM AS JSON]
Prints READY when the engine is warm, then for each line read one JSON object: rows, tokens, seconds of generate alone.
Ends when stdin ends.
"""

import json
import sys
import time


def main() -> None:
    from vllm import LLM, SamplingParams

    model, path = sys.argv[1:3]
    options = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    with open(path) as file:
        prompts = [{"prompt_token_ids": json.loads(line)} for line in file]
    llm = LLM(model=model, enforce_eager=True, enable_prefix_caching=False, **{"max_model_len": 2048, **options})
    params = SamplingParams(max_tokens=1, temperature=0, logprobs=0, detokenize=False)
    llm.generate(prompts[:64], params, use_tqdm=False)
    print("READY", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        llm.generate(prompts, params, use_tqdm=False)
        seconds = time.perf_counter() - began
        tokens = sum(len(prompt["prompt_token_ids"]) for prompt in prompts)
        print(json.dumps({"rows": len(prompts), "tokens": tokens, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
