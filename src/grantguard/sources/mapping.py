"""What a sender lacks and the contract needs, said by the operator: categories, prices, whose account it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grantguard.errors import FileMissing, UsageError

MILLION = 1_000_000

Owner = Literal["key_owner", "team", "organization", "end_user"]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    match: str = Field(min_length=1, description="A glob that a model or route must match, such as gpt-4o*.")

    def speaks_of(self, names: Sequence[str]) -> bool:
        """Whether any of the names matches, upper and lower case alike."""
        return any(fnmatchcase(name.lower(), self.match.lower()) for name in names)


class CategoryRule(_Rule):
    """The usage category of the models and routes that match."""

    category: str = Field(min_length=1, description="The contract's usage category.")


class PriceRule(_Rule):
    """What a million tokens of the models that match cost, in credits."""

    input: float = Field(ge=0, allow_inf_nan=False, description="Credits per million tokens sent.")
    output: float = Field(ge=0, allow_inf_nan=False, description="Credits per million tokens delivered.")
    cached_input: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="The same for those read from a cache; default: input."
    )


@dataclass(frozen=True)
class Metered:
    """What a sender metered of one request; ``cost`` is None where it is not known."""

    names: tuple[str, ...]
    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cost: float | None = None


class Mapping(BaseModel):
    """One deployment's answers; rules are tried in order and the first that matches speaks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_from: Owner = Field(
        default="key_owner",
        description="Whose account LiteLLM's usage is. end_user trusts the request's own user field: only where every"
        " caller is yours.",
    )
    categories: tuple[CategoryRule, ...] = Field(default=(), description="Model or route to category.")
    default_category: str | None = Field(
        default=None, description="The category where no rule matches; without one such a request is reported."
    )
    extended_context_above: int | None = Field(
        default=200_000, ge=0, description="Input tokens above which a request is extended_context; null: never."
    )
    credits_per_cost: float = Field(
        default=1.0, gt=0, allow_inf_nan=False, description="Credits charged per unit of the sender's cost."
    )
    prices: tuple[PriceRule, ...] = Field(default=(), description="Prices by token, where the sender says no cost.")
    usage_types: tuple[str, ...] = Field(
        default=("litellm_tokens", "grantguard.usage"), description="Globs of the CloudEvents types that are usage."
    )

    def category_of(self, metered: Metered) -> str | None:
        """The category that the rules give, which need not be one that is known; None where none does."""
        limit = self.extended_context_above
        if limit is not None and metered.input_tokens > limit:
            return "extended_context"
        rule = _first(self.categories, metered.names)
        return rule.category if rule else self.default_category

    def credits_of(self, metered: Metered) -> float | None:
        """What was charged: by the sender's cost where it is known, else by the tokens; None where neither can say."""
        if metered.cost is not None:
            return metered.cost * self.credits_per_cost
        price = _first(self.prices, metered.names)
        if price is None:
            return None
        cached = min(metered.cached_tokens, metered.input_tokens)
        cached_price = price.input if price.cached_input is None else price.cached_input
        sent = (metered.input_tokens - cached) * price.input + cached * cached_price
        return (sent + metered.output_tokens * price.output) / MILLION

    def is_usage(self, event_type: str) -> bool:
        """Whether an event of this type is a request."""
        return any(fnmatchcase(event_type, pattern) for pattern in self.usage_types)


_AnyRule = TypeVar("_AnyRule", bound=_Rule)


def _first(rules: Sequence[_AnyRule], names: Sequence[str]) -> _AnyRule | None:
    return next((rule for rule in rules if rule.speaks_of(names)), None)


def load_mapping(setting: str) -> Mapping:
    """A mapping from a setting: JSON itself, or the path of a file of it. Raises ``FileMissing``, ``UsageError``."""
    inline = setting.lstrip().startswith("{")
    path = Path(setting)
    if not inline and not path.is_file():
        raise FileMissing(f"{setting}: no such file; give the mapping's path, or its JSON")
    try:
        return Mapping.model_validate_json(setting if inline else path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        pointer = "".join(f"/{part}" for part in first["loc"]) or "/"
        raise UsageError(f"{'the mapping' if inline else setting}: {pointer}: {first['msg']}") from error
