"""What a decision rests on, and how it stands to what was in force: a released hold returns only on new evidence.

Evidence is kept as words: the signals among its reasons, the chargebacks, the newest verdict. It is new when it has a
word that a hold of the account did not rest on before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from grantguard.store.standing import Standing
from grantguard.vocabulary import Decision
from grantguard.wire import tell_time


def tell_evidence(decision: Decision, facts: Mapping[str, Any]) -> frozenset[str]:
    """The words of what ``decision`` rests on; ``facts`` is its row of ``Assessment.decided``."""
    words = {reason.signal for reason in decision.reasons if reason.contribution > 0}
    if facts["chargebacks"]:
        words.add(f"chargebacks:{facts['chargebacks']}")
    if facts["verdict"] is not None:
        words.add(f"verdict:{facts['verdict']}:{tell_time(facts['labelled_at'])}")
    return frozenset(words)


def known_evidence(standing: Iterable[Standing]) -> frozenset[str]:
    """Every word that a hold of the account rested on."""
    return frozenset(word for each in standing for word in each.evidence.split())


def temper(decision: Decision, evidence: frozenset[str], standing: tuple[Standing, ...], now: datetime) -> Decision:
    """The decision that can be taken, as the account's grants stand.

    A grant that a person revoked stays so, unless a person says otherwise. A hold in force keeps its end. A grant
    that was released is held again only on new evidence; where there is none, the decision does not cover it.
    """
    stands = {each.grant_id: each for each in standing}
    revoked = {name for name, each in stands.items() if each.action == "revoke"} & set(decision.grants)
    if decision.action == "revoke" or _is_cleared(decision, evidence):
        return decision
    if revoked and revoked == set(decision.grants):
        return replace(decision, action="revoke", held_until=None)
    left = replace(decision, grants=tuple(name for name in decision.grants if name not in revoked))
    return left if left.action == "allow" else _temper_hold(left, evidence, stands, now)


def changes(decision: Decision, standing: Iterable[Standing]) -> bool:
    """Whether putting the decision in force would change how any of its grants stands."""
    stands = {each.grant_id: each for each in standing}
    return any(_differs(decision, stands.get(name)) for name in decision.grants)


def _is_cleared(decision: Decision, evidence: frozenset[str]) -> bool:
    """Allowed by a person's verdict."""
    return decision.action == "allow" and any(word.startswith("verdict:genuine") for word in evidence)


def _temper_hold(
    decision: Decision, evidence: frozenset[str], stands: Mapping[str, Standing], now: datetime
) -> Decision:
    is_new = bool(evidence - known_evidence(stands.values()))
    released = {name for name, each in stands.items() if not is_new and is_released(each, now)}
    held = tuple(name for name in decision.grants if name not in released)
    if decision.grants and not held:
        return replace(decision, action="allow", held_until=None)
    ends = [each.held_until for name, each in stands.items() if name in held and _is_held(each, now)]
    return replace(decision, grants=held, held_until=min((end for end in ends if end), default=decision.held_until))


def is_released(standing: Standing, now: datetime) -> bool:
    """Whether a hold of the grant is over."""
    return bool(standing.evidence) and standing.action != "revoke" and not _is_held(standing, now)


def _is_held(standing: Standing, now: datetime) -> bool:
    return standing.action == "hold" and (standing.held_until is None or standing.held_until > now)


def _differs(decision: Decision, standing: Standing | None) -> bool:
    if standing is None or standing.action != decision.action:
        return decision.action != ("allow" if standing is None else standing.action)
    return decision.action != "allow" and standing.enforced != decision.enforced
