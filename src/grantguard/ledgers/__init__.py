"""Decisions out: a ledger is told by a signed webhook, or through Stripe Billing."""

from grantguard.ledgers.retrying import next_try
from grantguard.ledgers.stripe_billing import StripeBilling, open_stripe
from grantguard.ledgers.webhook import WebhookLedger, open_webhook

__all__ = ["StripeBilling", "WebhookLedger", "next_try", "open_stripe", "open_webhook"]
