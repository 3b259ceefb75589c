"""Trainer of transformers with the examples, heads and losses of a judge, and with ends that leave something usable."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from accelerate.utils import gather_object
from torch.utils.data import Dataset, Sampler
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from judge_curve import Curve
from judge_examples import Batch, Collator, Row, RowSampler, longest
from judge_folder import MARK
from judge_heads import answer_scores, class_scores, mean_answer_loss, mean_loss
from judge_held_out import Scored, count_batches, measure, measure_answers, score_rows, write_scores
from judge_pace import STEPS_OF_MEAN, Pace, has_diverged, memory_gib, time_to_end

# Batches of held-out prompts between two questions to all devices whether a signal has come; each costs a message to all.
BATCHES_BETWEEN_LOOKS = 10


class RowDataset(Dataset[Row]):
    """The rows to train on."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Keep the rows."""
        self.rows = rows

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows)

    def __getitem__(self, at: int) -> Row:
        """Give one row with all its orders."""
        return self.rows[at]


@dataclass
class Stop:
    """Why and when a training ends before its last step. `can_wait` holds from the first step on: a checkpoint is saved then."""

    ends_at: float | None = None
    interrupted: bool = False
    can_wait: bool = False
    reason: str | None = None


@dataclass
class Task:
    """What is trained on, what is held out, and how both are read. Answers of chats have no classes, and no prior."""

    rows: list[Row]
    held_out: list[Row]
    head: str
    prior: list[float] | None
    labels: list[list[int]] | None
    over_vocabulary: bool
    pad: int
    padding: str
    eval_batch: int
    rows_per_step: int
    by_length: bool


class JudgeTrainer(Trainer):
    """Trains a judge; prints and keeps its curve; stops at NaN, divergence, a signal or the deadline."""

    def __init__(self, model: Any, args: TrainingArguments, *, task: Task, curve: Curve, stop: Stop) -> None:  # noqa: ANN401
        """Keep the task beside what Trainer needs."""
        self.collator = Collator(task.pad, task.padding)
        super().__init__(
            model=model,
            args=args,
            train_dataset=RowDataset(task.rows),
            eval_dataset=RowDataset(task.held_out),
            data_collator=self.collator,
        )
        # The loss is a mean over the prompts of a batch: Trainer must divide it by the number of accumulated batches.
        self.model_accepts_loss_kwargs = False
        self.task = task
        self.curve = curve
        self.stop = stop
        self.pace = Pace()
        self.evaluated_at: int | None = None
        self.losses: list[float] = []
        self.add_callback(StopInTime(self))

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:  # noqa: ANN401
        task = self.task
        lengths = [longest(row) for row in task.rows]
        return RowSampler(lengths, task.rows_per_step, seed=self.args.seed, by_length=task.by_length)

    def compute_loss(
        self,
        model: Any,  # noqa: ANN401
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Compute the loss of one batch."""
        scores = self.scores(model, inputs)
        if self.task.head == "answer":
            loss = mean_answer_loss(scores, inputs)
        else:
            loss = mean_loss(scores, inputs, over_vocabulary=self.task.over_vocabulary)
        return (loss, scores) if return_outputs else loss

    def scores(self, model: Any, batch: Batch) -> torch.Tensor:  # noqa: ANN401
        """Compute what the head says of each prompt of a batch."""
        return answer_scores(model, batch) if self.task.head == "answer" else class_scores(model, batch, self.task.labels)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Print and keep the loss of a step; end the program when it is no number or has grown beyond reason."""
        if "loss" not in logs:
            return
        now = time.monotonic()
        pace = self.pace
        # The first step of a session also loads kernels: it says nothing about the next ones.
        first = pace.steps == 0
        pace.steps += 1
        if first:
            self.collator.tokens = 0
        else:
            pace.step_s += now - pace.mark
            pace.tokens = self.collator.tokens
        pace.mark = now
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)
        loss = logs["loss"]
        self.refuse_bad_loss(loss, logs["learning_rate"])
        speed = pace.tokens * self.args.world_size / pace.step_s if pace.step_s > 0 else None
        self.curve.add(
            {
                "progress": {
                    "step": self.state.global_step,
                    "of": self.state.max_steps,
                    "loss": loss,
                    "learning_rate": logs["learning_rate"],
                    "tokens_per_second": None if speed is None else round(speed, 1),
                    "memory_gib": memory_gib(),
                }
            }
        )

    def refuse_bad_loss(self, loss: float, learning_rate: float) -> None:
        """End the program at a loss that is no number, or at a mean that shows divergence."""
        where = f"at step {self.state.global_step} of {self.state.max_steps}, learning rate {learning_rate:.3g}"
        if not math.isfinite(loss):
            raise SystemExit(f"the loss is {loss} {where}: lower training.learning_rate, or train in bf16 or fp32")
        self.losses.append(loss)
        if has_diverged(self.losses):
            raise SystemExit(
                f"the loss has grown to a mean of {mean(self.losses[-STEPS_OF_MEAN:]):.3g} {where}: lower training.learning_rate"
            )

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401
        """Judge the held-out rows; print, keep and write what was found. Each device judges its part of them.

        A signal to any device ends it: after a batch, with several devices after BATCHES_BETWEEN_LOOKS batches at the latest.
        """
        if len(self.task.held_out) == 0:
            return {}
        started = time.monotonic()
        model: Any = self.model
        was_training = model.training
        model.eval()
        scored: Scored = []
        # A base that is sharded is put together by all devices for each batch: they must judge the same number of them.
        sharded = self.is_fsdp_enabled
        devices = self.accelerator.num_processes
        shares = [self.task.held_out] if sharded else [self.task.held_out[at::devices] for at in range(devices)]
        parts = score_rows(
            shares[0 if sharded else self.accelerator.process_index],
            lambda batch: self.scores(model, batch),
            batch=self.task.eval_batch,
            collator=Collator(self.task.pad, self.task.padding),
            device=self.args.device,
        )
        with self.compute_loss_context_manager():
            # A device with fewer batches than another one goes through as many turns: all of them must be asked alike.
            for turn in range(max(count_batches(share, self.task.eval_batch) for share in shares)):
                scored.extend(next(parts, []))
                if (devices == 1 or (turn + 1) % BATCHES_BETWEEN_LOOKS == 0) and self.is_interrupted():
                    break
        model.train(was_training)
        if self.is_interrupted():
            self.stop.reason = "signal"
            self.control.should_save = self.control.should_training_stop = True
            return {}
        scored = gather_object(scored) if self.accelerator.num_processes > 1 and not sharded else scored
        prior = self.task.prior
        found = measure_answers(scored) if prior is None else measure(scored, prior, has_mass=self.task.labels is not None)
        numbers = {f"eval_{name}": value for name, value in found.items() if isinstance(value, float)}
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, numbers)
        if self.args.should_save:
            write_scores(Path(str(self.args.output_dir)) / "held_out.jsonl", scored)
        # The curve comes last: an evaluation that stands in it is not made again.
        self.curve.add({"held_out": {"step": self.state.global_step} | found})
        self.evaluated_at = self.state.global_step
        # Trainer asks its callbacks to note that this was done; there are none that need to know.
        self.control.should_evaluate = False
        self.pace.evaluation_s = time.monotonic() - started
        self.pace.mark = time.monotonic()
        return {"eval_log_loss": found["log_loss"]}

    def _save_checkpoint(self, model: Any, trial: Any) -> None:  # noqa: ANN401
        started = time.monotonic()
        super()._save_checkpoint(model, trial)
        if self.args.should_save:
            folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            (folder / MARK).write_text("{}\n", encoding="utf-8")
        self.pace.save_s = max(self.pace.save_s, time.monotonic() - started)
        self.pace.mark = time.monotonic()

    def on_any_device(self, flag: bool) -> bool:
        """Tell whether a flag is set on any device. They must decide alike: one that stops alone leaves the others waiting."""
        return flag if self.accelerator.num_processes == 1 else any(gather_object([flag]))

    def is_interrupted(self) -> bool:
        """Tell whether a signal has come, to any of the processes."""
        return self.on_any_device(self.stop.interrupted)

    def is_out_of_time(self) -> bool:
        """Tell whether another step would leave too little time for what follows the last one, on any device."""
        return self.stop.ends_at is not None and self.on_any_device(self.lacks_time_for_a_step(self.stop.ends_at))

    def lacks_time_for_a_step(self, ends_at: float) -> bool:
        """Tell whether another step would leave too little time on this device."""
        pace = self.pace
        step = pace.step_s / max(1, pace.steps - 1)
        session = ends_at - pace.started
        return time.monotonic() + time_to_end(step, pace.save_s, self.expected_evaluation(), session) > ends_at

    def has_time_to_evaluate(self) -> bool:
        """Tell whether the held-out rows can be judged before the deadline, and what was trained be saved after that."""
        if self.stop.ends_at is None:
            return True
        expected = self.expected_evaluation()
        late = expected is None or time.monotonic() + 1.2 * expected + 2 * self.pace.save_s >= self.stop.ends_at
        return not self.on_any_device(late)

    def expected_evaluation(self) -> float | None:
        """Estimate the time of an evaluation (s): the last one's, else half of what training takes for as many tokens."""
        pace = self.pace
        if pace.evaluation_s is not None or pace.tokens == 0:
            return pace.evaluation_s
        tokens = sum(len(example.ids) for row in self.task.held_out for example in row)
        return tokens / (2 * pace.tokens / pace.step_s)


class StopInTime(TrainerCallback):
    """Stops after a step when a signal came or the deadline is near; a checkpoint is saved then."""

    def __init__(self, trainer: JudgeTrainer) -> None:
        """Keep the trainer, which knows the reasons to stop."""
        self.trainer = trainer

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> TrainerControl:  # noqa: ANN401
        """Stop if there is a reason to."""
        stop = self.trainer.stop
        if self.trainer.is_interrupted():
            stop.reason = "signal"
        elif self.trainer.is_out_of_time():
            stop.reason = "deadline"
        if stop.reason is not None and state.global_step < state.max_steps:
            control.should_save = True
            control.should_training_stop = True
            control.should_evaluate = False
        if control.should_evaluate and not self.trainer.has_time_to_evaluate():
            control.should_evaluate = False
        return control
