"""What is asked and answered, as the OpenAPI document tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from grantguard.vocabulary import Action, Decision, Label, Status

Row = dict[str, JsonValue]

Name = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\x00]*$")]
"""An id or a name; no store keeps a NUL character."""

Note = Annotated[str, Field(max_length=4_000, pattern=r"^[^\x00]*$")]


class Shape(BaseModel):
    """What is asked holds what is named here, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class History(BaseModel):
    """One account's history, inline; nothing of it is stored."""

    account: Row = Field(description="A row of the contract's accounts.")
    grants: list[Row] = Field(default=[], max_length=10_000, description="Rows of grants.")
    usage: list[Row] = Field(default=[], max_length=200_000, description="Rows of usage.")
    billing: list[Row] = Field(default=[], max_length=10_000, description="Rows of billing.")
    at: datetime | None = Field(default=None, description="Read nothing after it; default: the newest event.")


class RiskAsked(Shape):
    """Whom to decide about."""

    account_id: Name
    grant_id: Name | None = Field(default=None, description="One grant; default: every open promotional grant.")
    at: AwareDatetime | None = Field(
        default=None, description="Read nothing after it; recorded, and put in force nowhere. Default: now."
    )


class RisksAsked(Shape):
    """Whom to decide about, many at once."""

    account_ids: list[Name] = Field(min_length=1, max_length=1_000)


class OutcomeTold(Shape):
    """What a ledger made of a decision."""

    status: Literal["applied", "refused"]
    detail: Note | None = None
    credits_affected: float | None = Field(default=None, ge=0, le=1e15, allow_inf_nan=False)


class QueueAsked(Shape):
    """How much of the queue to list."""

    top: int = Field(default=100, ge=1, le=1_000)


class VerdictTold(Shape):
    """What a person says about accounts, or about a ring; one of the two."""

    account_ids: list[Name] | None = Field(default=None, min_length=1, max_length=1_000)
    ring_id: Name | None = None
    verdict: Label
    technique: Name | None = None
    note: Note = ""


class AppealTold(Shape):
    """What an account holder says, in their own words."""

    account_id: Name
    message: Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")] = Field(
        description="E-mail and IP addresses in it are not kept."
    )


class AppealMade(BaseModel):
    """An appeal and how it stands."""

    appeal_id: str
    account_id: str
    decision_id: str
    status: Literal["open", "overturned", "upheld"]
    received_at: datetime
    settled_at: datetime | None
    statement: str = Field(description="What the account holder may be told; nothing in it teaches evasion.")


class PromotionAsked(Shape):
    """Why a model is put in charge, and whether its decisions bind the ledger."""

    why: Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"\S")]
    enforce: bool = False


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    instance: str
    errors: list[dict[str, str]] = Field(description="Pairs of `pointer` and `detail`.")


class Rejected(BaseModel):
    """A row that was not kept."""

    index: int
    pointer: str
    reason: str


class Kept(BaseModel):
    """What became of rows; they are durable. Of the rejected, the first 10,000 are listed."""

    accepted: int
    duplicate: int
    rejected: list[Rejected]
    unlisted: int = Field(description="Rejected rows that are not listed.")


class Decisions(BaseModel):
    """Decisions in the order asked."""

    decisions: list[Decision]


class Grant(BaseModel):
    """How a grant stands with its ledger."""

    grant_id: str
    action: Action
    enforced: bool
    sequence: int
    held_until: datetime | None
    decision_id: str
    changed_at: datetime


class Standing(BaseModel):
    """The newest risk of an account, how old it is, and how its grants stand."""

    account_id: str
    at: datetime
    age_seconds: float
    status: Status
    risk: float | None
    p_value: float | None
    ring_id: str | None
    action: Action
    promo_credits_spent: float
    promo_credits_left: float
    model_version: str
    recheck_at: datetime | None = Field(description="When it is scored again, though nothing be heard of it.")
    waiting: bool = Field(description="Whether news has come that this risk has not read.")
    standing: list[Grant]


class Verdicts(BaseModel):
    """What a verdict came to."""

    decisions: list[Decision]
    second_person_needed: list[str] = Field(description="Accounts that are held until a second person says abuse.")


class Models(BaseModel):
    """The versions on the shelf, and which is in charge."""

    in_charge: str
    enforce: bool
    versions: list[dict[str, Any]]
