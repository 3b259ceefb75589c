"""The two heads of a judge, their scores and losses.

classifier  a linear layer on the hidden state of the last token: one score for each class.
label       the model's own next-token distribution at the answer position: the score of a class is the log probability of its
            label tokens. Its loss is cross entropy over the whole vocabulary, which keeps the label mass high, or over the labels
            alone, which says nothing about the mass: it then may fall until a server finds no label among its tokens.
"""

from typing import Any

import torch

from judge_examples import Batch


def class_scores(model: Any, batch: Batch, labels: list[list[int]] | None) -> torch.Tensor:  # noqa: ANN401
    """Score the classes of each prompt, float32 (prompts, classes): logits of the head, or log probabilities of the labels."""
    if labels is None:
        logits: torch.Tensor = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        return logits.float()
    # The scores of the whole vocabulary are large: only the positions at which a prompt ends are computed.
    kept, place = torch.unique(batch["last"], return_inverse=True)
    output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], logits_to_keep=kept)
    at_end = output.logits[torch.arange(len(place), device=place.device), place]
    log_probabilities = torch.log_softmax(at_end.float(), dim=-1)
    return torch.stack([torch.logsumexp(log_probabilities[:, tokens], dim=-1) for tokens in labels], dim=-1)


def mean_loss(scores: torch.Tensor, batch: Batch, *, over_vocabulary: bool) -> torch.Tensor:
    """Compute the weighted mean of the cross entropy (nats) between the targets and the scores."""
    log_probabilities = scores if over_vocabulary else torch.log_softmax(scores, dim=-1)
    each = -(batch["target"] * log_probabilities).sum(dim=-1)
    return (each * batch["weight"]).sum() / batch["weight"].sum()
