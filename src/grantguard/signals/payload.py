"""Payload: what the sizes and shapes of requests tell, without reading a word of them."""

from __future__ import annotations

import polars as pl

from grantguard.histories import Usage
from grantguard.signals._signal import enough, signal


@signal(
    unit="share",
    suspicious="high",
    says="{value:.0%} of its long inputs lie just above the threshold of extended context",
)
def threshold_hugging(usage: Usage) -> pl.Expr:
    """The share of extended-context inputs that lie just above the threshold.

    Padding stops where the multiplier begins; real documents are as long as they are.

    Looks the same: a splitter that fills the window.
    """
    near = usage.near_threshold
    return enough(near.count(), 5, near.mean())


@signal(unit="tokens per 1,000", suspicious="low", says="its long inputs bring {value:.1f} tokens of answer per 1,000")
def long_input_yield(usage: Usage) -> pl.Expr:
    """Tokens delivered for each thousand sent, in extended context.

    Padding asks for nothing, so the answer is short.

    Looks the same: extraction of a single fact from a long contract.
    """
    sent, delivered = (tokens.filter(usage.is_long).sum() for tokens in (usage.input_tokens, usage.output_tokens))
    return enough(usage.is_long.sum(), 5, 1000 * delivered / sent)


@signal(unit="share", suspicious="high", says="{value:.0%} of its long inputs begin with the same text")
def padding_repetition(usage: Usage) -> pl.Expr:
    """The share of extended-context inputs with the most common template.

    The same filler is put before every question.

    Looks the same: questions about one codebase.
    """
    template = usage.template_hash.filter(usage.is_long)
    return enough(template.count(), 5, template.drop_nulls().unique_counts().max() / template.count())


@signal(unit="ratio", suspicious="low", says="its inputs vary in size by only {value:.0%}", needs=20)
def input_variation(usage: Usage) -> pl.Expr:
    """How unlike each other the sizes of inputs are.

    A script asks the same thing in the same words.

    Looks the same: a classifier with a fixed prompt.
    """
    return usage.input_tokens.std() / usage.input_tokens.mean()


@signal(unit="share", suspicious="high", says="{value:.0%} of its inputs have the same size", needs=20)
def input_repetition(usage: Usage) -> pl.Expr:
    """The share of inputs in the most common step of two percent.

    A template with a slot has one length.

    Looks the same: form letters, a health check.
    """
    return usage.input_step.unique_counts().max() / pl.len()


@signal(unit="share", suspicious="high", says="{value:.0%} of its answers have the same size", needs=20)
def output_repetition(usage: Usage) -> pl.Expr:
    """The share of answers in the most common step of two percent: a cap that is hit again and again.

    Whoever extracts asks for as much as one request gives.

    Looks the same: a classifier that answers with one word.
    """
    step = usage.output_step
    return enough(step.count(), 20, step.drop_nulls().unique_counts().max() / step.count())


@signal(unit="share", suspicious="high", says="{value:.0%} of its prompts had been sent before", needs=20)
def prompt_repetition(usage: Usage) -> pl.Expr:
    """The share of prompts that repeat one of its own.

    Filler is not written anew each time.

    Looks the same: a retry after a failure, a smoke test.
    """
    prompt = usage.prompt_hash
    return enough(prompt.count(), 20, 1 - prompt.drop_nulls().n_unique() / prompt.count())


@signal(unit="share", suspicious="high", says="{value:.0%} of its requests fill in the same template", needs=20)
def template_repetition(usage: Usage) -> pl.Expr:
    """The share of requests with the most common template.

    Extraction asks one question about many things.

    Looks the same: a product's own system prompt.
    """
    template = usage.template_hash
    return enough(template.count(), 20, template.drop_nulls().unique_counts().max() / template.count())


@signal(unit="share", suspicious="high", says="{value:.0%} of its first requests were probes of a few words", needs=5)
def probing(usage: Usage) -> pl.Expr:
    """The share of tiny questions with tiny answers among its first fifty requests.

    A key is tried before it is sold.

    Looks the same: the first steps with an SDK.
    """
    tiny = (usage.input_tokens <= 25) & (usage.output_tokens <= 16)
    return tiny.filter(usage.position <= 50).mean()


@signal(unit="share", suspicious="high", says="{value:.0%} of its requests were small talk", needs=20)
def filler(usage: Usage) -> pl.Expr:
    """The share of tiny questions with small answers over its whole history.

    Milestones are reached with the cheapest events that count.

    Looks the same: a chat companion.
    """
    return ((usage.input_tokens <= 40) & (usage.output_tokens <= 60)).mean()


@signal(
    unit="models", suspicious="high", says="it tried {value:.0f} {value:model|models} within its first hour", needs=5
)
def models_tried(usage: Usage) -> pl.Expr:
    """Different models asked for within the first hour of use.

    A checker lists what a key can do.

    Looks the same: somebody who compares models.
    """
    return usage.model.filter(usage.since_first < 3600).drop_nulls().n_unique()


@signal(unit="ratio", suspicious="high", says="it receives {value:.1f} tokens for each that it sends", needs=20)
def output_yield(usage: Usage) -> pl.Expr:
    """Tokens delivered for each token sent.

    Distillation asks short and harvests long.

    Looks the same: story writing, synthetic data for one's own use.
    """
    return usage.output_tokens.sum() / usage.input_tokens.sum()
