"""Score chats as contest notebooks do: vLLM's offline LLM, batches one after another, one file at the end.

Run as: python notebook_loop.py MODEL CHATS.jsonl OUT.jsonl LABEL_IDS [flags of `vllm serve`]

CHATS.jsonl holds one chat a line, a JSON list of messages whose last one is to be continued. OUT.jsonl gets one object a line:
the three log probabilities of the labels (nats). Prints at its end {"seconds": ...}, the time in `generate`.
"""

import argparse
import json
import sys
import time

BATCH = 512


def main() -> None:
    from vllm import LLM, EngineArgs, SamplingParams
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    model, source, target, ids = sys.argv[1:5]
    labels = json.loads(ids)
    parser = EngineArgs.add_cli_args(FlexibleArgumentParser(formatter_class=argparse.HelpFormatter))
    flags = parser.parse_args(["--model", model, *sys.argv[5:]])
    given = {action.dest for action in parser._actions if any(flag in sys.argv for flag in action.option_strings)}
    llm = LLM(model=model, **{name: value for name, value in vars(flags).items() if name in given})
    tokenizer = llm.get_tokenizer()
    with open(source) as file:
        chats = [json.loads(line) for line in file]
    prompts = [
        {"prompt_token_ids": tokenizer.encode(text, add_special_tokens=False)}
        for text in (
            tokenizer.apply_chat_template(chat, tokenize=False, continue_final_message=True) for chat in chats
        )
    ]
    params = SamplingParams(max_tokens=1, temperature=0, logprobs=len(labels), logprob_token_ids=labels)
    rows = []
    print("SCORING", file=sys.stderr, flush=True)
    began = time.perf_counter()
    for start in range(0, len(prompts), BATCH):
        for output in llm.generate(prompts[start : start + BATCH], params, use_tqdm=False):
            found = output.outputs[0].logprobs[0]
            rows.append({"logProbs": [found[label].logprob for label in labels]})
    seconds = time.perf_counter() - began
    with open(target, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
