"""What a ledger cannot do is refused with its reason, never approximated: an approximation can lose credit."""

from __future__ import annotations

from grantguard.vocabulary import Capabilities, Notice, Outcome


def refuse(notice: Notice, capabilities: Capabilities) -> Outcome | None:
    """The refusal of a notice that the ledger cannot act on; None where it can."""
    can = {
        "grant.hold": capabilities.can_hold,
        "grant.release": capabilities.can_release,
        "grant.revoke": capabilities.can_revoke,
    }
    if can.get(notice.kind, True):
        return None
    verb = notice.kind.removeprefix("grant.")
    return Outcome("refused", f"cannot {verb} a grant: {capabilities.otherwise}")
