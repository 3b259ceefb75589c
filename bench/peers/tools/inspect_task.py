"""Ask a running vLLM server for the label probabilities of chats with Inspect.

Run as: python inspect_task.py CHATS.jsonl OUT.jsonl LABEL_IDS vllm/MODEL [CONNECTIONS]    (VLLM_BASE_URL names the server)

OUT.jsonl gets an object a line: the log probabilities of the labels (nats), null for a row without them. Prints at its end the seconds
of the evaluation and its status. A score is the label that is the most probable, as a judge's verdict would be.
"""

import json
import sys
import time

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, GenerateConfig
from inspect_ai.scorer import Score, Target, mean, scorer
from inspect_ai.solver import TaskState, generate

ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


def main() -> None:
    source, target, ids, model = sys.argv[1:5]
    connections = int(sys.argv[5]) if len(sys.argv) > 5 else 64
    labels = json.loads(ids)
    with open(source) as file:
        chats = [json.loads(line) for line in file]
    samples = [Sample(id=row, input=[ROLES[m["role"]](content=m["content"]) for m in chat]) for row, chat in enumerate(chats)]
    config = GenerateConfig(
        max_tokens=1,
        temperature=0,
        logprobs=True,
        max_connections=connections,
        extra_body={
            "continue_final_message": True,
            "add_generation_prompt": False,
            "logprob_token_ids": labels,
            "return_tokens_as_token_ids": True,
        },
    )

    @scorer(metrics=[mean()])
    def verdict():  # noqa: ANN202
        async def score(state: TaskState, target: Target) -> Score:
            found = read(state.output, labels)
            return Score(value=0 if found is None else found.index(max(found)))

        return score

    task = Task(dataset=MemoryDataset(samples), solver=generate(), scorer=verdict(), config=config)
    began = time.perf_counter()
    (log,) = eval(task, model=model, display="none", max_samples=connections, fail_on_error=False)
    seconds = time.perf_counter() - began
    rows: list[list[float] | None] = [None] * len(chats)
    for sample in log.samples or []:
        rows[int(sample.id)] = read(sample.output, labels)
    with open(target, "w") as file:
        file.writelines(json.dumps({"logProbs": row}) + "\n" for row in rows)
    print(json.dumps({"seconds": seconds, "status": log.status}))


def read(output, labels: list[int]) -> list[float] | None:  # noqa: ANN001
    if not output.choices or output.choices[0].logprobs is None:
        return None
    top = {one.token: one.logprob for one in output.choices[0].logprobs.content[0].top_logprobs or []}
    found = [top.get(f"token_id:{label}") for label in labels]
    return None if None in found else found


if __name__ == "__main__":
    main()
