"""Stripe Billing credit grants: what a person revoked is voided there, and nothing else is done.

Stripe applies credits when it writes an invoice, so it cannot stop a grant that is being used; shortening its
life instead could lose credit that was only to be held. Hold at the gateway, with the webhook.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Final

import requests
import stripe
from stripe.billing import CreditBalanceTransaction, CreditGrant

from grantguard.ledgers.refusing import refuse
from grantguard.ledgers.retrying import read_retry_after
from grantguard.ledgers.silence import silence
from grantguard.vocabulary import Answer, Capabilities, Notice, Outcome, Retry

TIMEOUT: Final = (5.0, 20.0)
"""Seconds to connect, and to wait for an answer."""

LAPSED: Final = {"credits_voided": "voided", "credits_expired": "expired, being partly used"}


@dataclass(frozen=True)
class StripeBilling:
    """Credit grants in one Stripe account, whose ids are the ``grant_id`` of our grants."""

    client: stripe.StripeClient = field(repr=False)

    capabilities: ClassVar[Capabilities] = Capabilities(
        can_hold=False,
        can_release=False,
        can_revoke=True,
        otherwise="Stripe applies credits at invoicing, so nothing is held there; block its use at the gateway",
    )

    def deliver(self, notice: Notice) -> Answer:
        """Revoke the grant, if it is promotional and the decision binds; any other notice is refused."""
        refused = refuse(notice, self.capabilities)
        if refused is not None:
            return refused
        if notice.kind != "grant.revoke" or notice.grant_id is None:
            return Outcome("refused", "Stripe Billing keeps grants; a verdict about an account changes none by itself")
        if not notice.decision.enforced:
            return Outcome("refused", "the decision only recommends (enforced is false)")
        try:
            return self._revoke(notice, notice.grant_id)
        except stripe.StripeError as error:
            return _read_failure(error)

    def _revoke(self, notice: Notice, grant_id: str) -> Outcome:
        grant = self.client.v1.billing.credit_grants.retrieve(grant_id)
        if grant.category != "promotional":
            return Outcome("refused", f"the grant's category is {grant.category}: only promotional credit is touched")
        if not _is_over(grant):
            self._note(notice, grant_id)
            self._end(notice, grant_id)
        return Outcome("applied", self._tell_lapsed(grant_id))

    def _note(self, notice: Notice, grant_id: str) -> None:
        """Write down why, before it is done."""
        why = {"decision_id": notice.decision.decision_id}
        self.client.v1.billing.credit_grants.update(
            grant_id, {"metadata": why}, {"idempotency_key": _key(notice, "note")}
        )

    def _end(self, notice: Notice, grant_id: str) -> None:
        """Void it; a grant of which Stripe has applied a part is not voided but expires: what is left lapses."""
        grants = self.client.v1.billing.credit_grants
        try:
            grants.void_grant(grant_id, {}, {"idempotency_key": _key(notice)})
        except stripe.InvalidRequestError:
            grants.expire(grant_id, {}, {"idempotency_key": _key(notice, "expire")})

    def _tell_lapsed(self, grant_id: str) -> str:
        """How much lapsed, in money: what a credit is worth in Stripe, Grantguard does not know."""
        try:
            moved = self.client.v1.billing.credit_balance_transactions.list({"credit_grant": grant_id, "limit": 100})
        except stripe.StripeError:
            return "ended"
        lapsed = (each.debit for each in moved.data if each.debit and each.debit.type in LAPSED)
        return next((_say(debit) for debit in lapsed), "ended")


def open_stripe(api_key: str, *, base_url: str = stripe.DEFAULT_API_BASE) -> StripeBilling:
    """The ledger of the Stripe account that the key belongs to.

    Turns the stripe package's telemetry off for the whole process. The client does not try again by itself, since
    the outbox does so over days, and follows no redirect, so that the key goes nowhere else.
    """
    stripe.enable_telemetry = False
    silence("stripe", "urllib3")
    session = requests.Session()
    session.max_redirects = 0
    client = stripe.StripeClient(
        api_key,
        base_addresses={"api": base_url, "connect": base_url, "files": base_url, "meter_events": base_url},
        http_client=stripe.RequestsClient(timeout=TIMEOUT, session=session),
        max_network_retries=0,
    )
    return StripeBilling(client)


def _key(notice: Notice, verb: str | None = None) -> str:
    """The idempotency key: the decision's id for the void itself.

    Stripe refuses a key that comes back with another path, so the other verbs, and the grants of a decision
    that covers several, have their name added.
    """
    decision = notice.decision
    shared = notice.grant_id if len(decision.grants) > 1 else None
    return ":".join(part for part in (decision.decision_id, shared, verb) if part is not None)


def _is_over(grant: CreditGrant) -> bool:
    now = datetime.now(UTC).timestamp()
    return grant.voided_at is not None or (grant.expires_at is not None and grant.expires_at <= now)


def _say(debit: CreditBalanceTransaction.Debit) -> str:
    money = debit.amount.monetary
    told = f"{money.value} {money.currency} in its smallest unit" if money else "an unknown sum"
    return f"{LAPSED[debit.type]}: {told} lapsed"


def _read_failure(error: stripe.StripeError) -> Answer:
    """Refused for good where Stripe calls the request wrong; else to be tried again. Its own words may hold a key."""
    if isinstance(error, stripe.InvalidRequestError):
        unknown = error.http_status == 404
        return Outcome(
            "refused", "Stripe knows no such grant" if unknown else f"Stripe refused it: {error.code or 400}"
        )
    if error.http_status is None:
        return Retry("Stripe could not be reached")
    asked = (error.headers or {}).get("retry-after")
    return Retry(f"Stripe answered {error.http_status}", read_retry_after(asked, datetime.now(UTC)))
