"""Score chats with a Ray Data LLM job on this machine, as Ray's guide to batch inference shows.

Run as: python ray_job.py MODEL CHATS.jsonl OUT.jsonl LABEL_IDS [flags of `vllm serve`]

OUT.jsonl gets one object a line in the order of the chats: the log probabilities of the labels (nats), null where one is missing.
"""

import json
import sys

import ray
from ray.data.llm import build_processor, vLLMEngineProcessorConfig


def main() -> None:
    model, source, target, ids = sys.argv[1:5]
    labels = json.loads(ids)
    with open(source) as file:
        chats = [json.loads(line) for line in file]
    ray.init(num_gpus=1, include_dashboard=False, log_to_driver=False)
    config = vLLMEngineProcessorConfig(
        model_source=model, engine_kwargs=keywords(sys.argv[5:]), batch_size=64, concurrency=1, max_concurrent_batches=8
    )
    sampling = {"max_tokens": 1, "temperature": 0, "logprobs": len(labels), "logprob_token_ids": labels}
    processor = build_processor(
        config,
        preprocess=lambda row: {"messages": json.loads(row["chat"]), "sampling_params": sampling},
        postprocess=lambda row: {"row": row["row"], "found": json.dumps(row.get("logprobs"))},
    )
    rows = processor(ray.data.from_items([{"row": row, "chat": json.dumps(chat)} for row, chat in enumerate(chats)])).take_all()
    with open(target, "w") as out:
        out.writelines(json.dumps({"logProbs": read(row["found"], labels)}) + "\n" for row in sorted(rows, key=lambda row: row["row"]))


def read(found: str, labels: list[int]) -> list[float] | None:
    steps = json.loads(found)
    if not steps:
        return None
    values = [steps[0].get(str(label), {}).get("logprob") for label in labels]
    return None if None in values else values


def keywords(flags: list[str]) -> dict[str, object]:
    """Turn flags of the server into the engine's keywords: --max-model-len 2048 becomes max_model_len=2048."""
    given: dict[str, object] = {}
    rest = list(flags)
    while rest:
        name = rest.pop(0).removeprefix("--")
        value: object = not name.startswith("no-")
        if rest and not rest[0].startswith("--"):
            text = rest.pop(0)
            value = int(text) if text.isdigit() else float(text) if text.replace(".", "", 1).isdigit() else text
        given[name.removeprefix("no-").replace("-", "_")] = value
    return given


if __name__ == "__main__":
    main()
