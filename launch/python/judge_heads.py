"""The heads of a judge, their scores and losses.

classifier  a linear layer on the hidden state of the last token: one score for each class.
label       the model's own next-token distribution at the answer position: the score of a class is the log probability of its
            label tokens. Its loss is cross entropy over the whole vocabulary, which keeps the label mass high, or over the labels
            alone, which says nothing about the mass: it then may fall until a server finds no label among its tokens.
answer      the text of a whole answer, token by token. Only the tokens of the answer and the one that ends its turn are learned.
"""

from typing import Any

import torch

from judge_examples import NOT_LEARNED, Batch


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


def answer_scores(model: Any, batch: Batch) -> torch.Tensor:  # noqa: ANN401
    """Score the answers of chats, float32 (chats, 3): sum of -log p (nats) of the tokens, number of tokens, and those guessed."""
    # The token at each position is predicted by the position before it; the scores of the vocabulary are computed at these alone.
    wanted = batch["learned"][:, 1:]
    kept = torch.nonzero((wanted != NOT_LEARNED).any(dim=0)).flatten()
    wanted = wanted[:, kept]
    output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], logits_to_keep=kept)
    scores = output.logits.float()
    losses = torch.nn.functional.cross_entropy(scores.transpose(1, 2), wanted, reduction="none", ignore_index=NOT_LEARNED)
    guessed = (scores.detach().argmax(dim=-1) == wanted).sum(dim=-1)
    return torch.stack([losses.sum(dim=-1), (wanted != NOT_LEARNED).sum(dim=-1).float(), guessed.float()], dim=-1)


def mean_answer_loss(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Compute the weighted mean of -log p (nats) over the tokens of all answers of a batch."""
    return (scores[:, 0] * batch["weight"]).sum() / (scores[:, 1] * batch["weight"]).sum()
