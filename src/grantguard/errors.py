"""Every error that Grantguard raises on purpose, each with a message for a person.

::

    GrantguardError
    ├── UsageError               the command, or the question, was wrong             (exit status 2)
    │   ├── ScopeUnknown         a key was asked for a scope that there is not
    │   ├── RoleUnknown          a person was given a role that there is not
    │   └── PasswordWeak         a password is too short, or longer than a password
    └── WorkError                the question was right, the work could not be done  (exit status 1)
        ├── InputError           something that came in
        │   ├── FileMissing      a table that is needed is not there
        │   ├── FileUnreadable   a file is not what its name says
        │   ├── ColumnMissing    a required column is not in a file
        │   ├── TooManyRejected  more than the tolerated share of a table was bad
        │   ├── SourceUnreadable another database cannot be read from
        │   ├── BodyUnreadable   what was sent is not JSON
        │   ├── FieldRefused     a field of an item that was sent cannot be used
        │   ├── ValueUnreadable  a value to be hashed is not of its kind
        │   ├── RunMissing       there is nothing of an earlier run to go on from
        │   ├── RunDamaged       what an earlier run left is not as it was written
        │   └── RunForeign       an earlier run was made by something else, or lies ahead
        ├── AccountUnknown       an account that no table mentions
        ├── GrantUnknown         a grant that is not the account's
        ├── RingUnknown          a ring in which nobody stands
        ├── DecisionUnknown      a decision that was never taken
        ├── AppealUnknown        an appeal that nobody made
        ├── AppealSettled        an appeal that somebody has settled already
        ├── NothingToAppeal      nothing of the account is held or revoked
        ├── NothingWaits         no revocation waits for a second person
        ├── SecondPersonNeeded   who asks for a revocation cannot confirm it
        ├── KeyUnknown           no key of this name is in force
        ├── KeyTaken             a key of this name is in force already
        ├── PersonUnknown        no person of this name may come into the console
        ├── PersonTaken          there is a person of this name already
        ├── ReferenceTooSmall    too few trusted accounts for the promise asked for
        ├── NothingToLearn       no verdict is about anybody in the data
        ├── RetrainAdvised       the forest no longer fits the accounts
        ├── StoreError           the database cannot be used
        │   ├── StoreUnreachable it does not answer, or broke off; asking again may help
        │   └── MigrationChanged a migration was edited after it had been applied
        ├── AddressRefused       a ledger's address is not one to call
        ├── EngineMissing        what a cluster is spoken to with is not installed
        ├── ClusterUnreachable   no cluster is where one was said to be
        ├── Unavailable          a service did not answer in time             (raised by the client)
        ├── RequestRefused       a service answered that it will not          (raised by the client)
        └── BundleError          a bundle cannot be used
            ├── BundleMissing    there is none where one was expected
            ├── BundleTampered   a digest does not match its file
            ├── BundleForeign    it was made for another catalogue or format
            ├── VersionTaken     another bundle has this version's name
            └── NotEnforceable   it recommends, and was asked to bind the ledger

A message is one line that says what is wrong, where, and what to do about it.
"""

from __future__ import annotations


class GrantguardError(Exception):
    """The root of the tree; never raised itself."""


class UsageError(GrantguardError):
    """The command, or the question, was wrong: nothing was done."""


class ScopeUnknown(UsageError):
    """A key was asked for a scope that there is not."""


class RoleUnknown(UsageError):
    """A person was given a role that there is not."""


class PasswordWeak(UsageError):
    """A password is too short, or longer than a password. The message never quotes it."""


class WorkError(GrantguardError):
    """The question was right, the work could not be done."""


class InputError(WorkError):
    """Something that came in cannot be used."""


class FileMissing(InputError):
    """A table that is needed is not there."""


class FileUnreadable(InputError):
    """A file is not what its name says."""


class ColumnMissing(InputError):
    """A required column is not in a file."""


class TooManyRejected(InputError):
    """More than the tolerated share of a table was bad."""


class SourceUnreadable(InputError):
    """Another database cannot be read from. The message never quotes its URL, which holds a password."""


class BodyUnreadable(InputError):
    """What was sent is not JSON."""


class FieldRefused(InputError):
    """A field of an item that was sent cannot be used; ``pointer`` is its JSON pointer in the item."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer}: {reason}")
        self.pointer = pointer
        self.reason = reason


class ValueUnreadable(InputError):
    """A value to be hashed is not of its kind. The message never quotes it."""


class RunMissing(InputError):
    """There is nothing of an earlier run to go on from."""


class RunDamaged(InputError):
    """What an earlier run left is not as it was written."""


class RunForeign(InputError):
    """An earlier run was made by another model, rules or version, or lies after the moment asked about."""


class AccountUnknown(WorkError):
    """An account that no table mentions."""


class GrantUnknown(WorkError):
    """A grant that is not the account's."""


class RingUnknown(WorkError):
    """A ring in which nobody stands."""


class DecisionUnknown(WorkError):
    """A decision that was never taken."""


class AppealUnknown(WorkError):
    """An appeal that nobody made."""


class AppealSettled(WorkError):
    """An appeal that somebody has settled already."""


class NothingToAppeal(WorkError):
    """Nothing of the account is held or revoked."""


class NothingWaits(WorkError):
    """No revocation of the account waits for a second person."""


class SecondPersonNeeded(WorkError):
    """Who asks for a revocation cannot confirm it."""


class KeyUnknown(WorkError):
    """No key of this name is in force."""


class KeyTaken(WorkError):
    """A key of this name is in force already."""


class PersonUnknown(WorkError):
    """No person of this name may come into the console."""


class PersonTaken(WorkError):
    """There is a person of this name already."""


class ReferenceTooSmall(WorkError):
    """Too few trusted accounts to keep the promise that was asked for."""


class NothingToLearn(WorkError):
    """No verdict is about anybody in the data."""


class RetrainAdvised(WorkError):
    """The forest no longer fits the accounts; nothing is broken."""


class StoreError(WorkError):
    """The database cannot be used."""


class StoreUnreachable(StoreError):
    """The database does not answer, or broke off; asking again may help."""


class MigrationChanged(StoreError):
    """A migration was edited after it had been applied."""


class AddressRefused(WorkError):
    """A ledger's name leads to an address inside the own network."""


class EngineMissing(WorkError):
    """What a cluster is spoken to with is not installed."""


class ClusterUnreachable(WorkError):
    """No cluster is where one was said to be."""


class Unavailable(WorkError):
    """A service did not answer in time; ``acknowledged`` counts the rows of a send that it has for certain."""

    def __init__(self, message: str, acknowledged: int = 0) -> None:
        super().__init__(message)
        self.acknowledged = acknowledged


class RequestRefused(WorkError):
    """A service answered that it will not; ``problem`` is its problem document, ``acknowledged`` as above."""

    def __init__(self, message: str, status: int, problem: dict[str, object], acknowledged: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.acknowledged = acknowledged


class BundleError(WorkError):
    """A bundle cannot be used."""


class BundleMissing(BundleError):
    """There is no bundle where one was expected."""


class BundleTampered(BundleError):
    """A file of the bundle does not match its digest."""


class BundleForeign(BundleError):
    """The bundle was made for another catalogue or format."""


class VersionTaken(BundleError):
    """Another bundle has this version's name, and versions never change."""


class NotEnforceable(BundleError):
    """A bundle that was calibrated on simulated accounts was asked to bind the ledger."""
