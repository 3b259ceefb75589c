"""Give the log probabilities of labels by plain forward passes, and the token ids of chats, as the reference of the peers.

Run as: python reference.py MODEL IDS.jsonl CHATS.jsonl LABEL_IDS OUT.jsonl

IDS.jsonl has the token ids of a prompt a line, CHATS.jsonl the same prompt as a chat that is to be continued. OUT.jsonl gets an object
a line: the float32 log probabilities (nats, whole vocabulary) of the labels after the ids, and whether transformers makes the same ids of
the chat. One prompt at a time, no cache, no padding.
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    model_path, ids_path, chats_path, labels, target = sys.argv[1:6]
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    model = AutoModelForCausalLM.from_pretrained(model_path, dtype=torch.float32).eval()
    wanted = json.loads(labels)
    with open(ids_path) as ids_file, open(chats_path) as chats_file, open(target, "w") as out, torch.inference_mode():
        for ids_line, chat_line in zip(ids_file, chats_file, strict=True):
            ids = json.loads(ids_line)
            text = tokenizer.apply_chat_template(json.loads(chat_line), tokenize=False, continue_final_message=True)
            same = tokenizer.encode(text, add_special_tokens=False) == ids
            logits = model(torch.tensor([ids])).logits[0, -1].to(torch.float64)
            out.write(json.dumps({"logProbs": torch.log_softmax(logits, dim=-1)[wanted].tolist(), "same": same}) + "\n")


if __name__ == "__main__":
    main()
