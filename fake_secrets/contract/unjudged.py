"""What a check can't judge, because it has no service double or because the double doesn't offer to tell."""

from __future__ import annotations

from collections.abc import Iterator

from fake_secrets.contract.catalogue import UNLIKE_THE_DOUBLE
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families.kept_others import reads_others
from fake_secrets.contract.subject import Subject

__all__ = ["DOUBLE_REFUSES", "PERMISSIONS_UNTRIED", "unjudged"]

PERMISSIONS_UNTRIED = "The permissions weren't tried"

DOUBLE_REFUSES = f"{UNLIKE_THE_DOUBLE.cause[:-1]}, so the check says little. {UNLIKE_THE_DOUBLE.mend}"
_NO_SERVICE = (
    "There is no service double (service=), so what only the service shows wasn't judged: whether a credential is "
    "dead, orphaned or destroyed too early, and whether setSecret and testSecret do their work."
)
_NO_QUESTION = (
    "The service double has neither accepts nor accepted, so it wasn't judged whether a credential is dead, "
    "orphaned or destroyed too early."
)
_NO_ACCEPTS = "The service double has no accepts, so it wasn't judged whether the secret's values work."
_NO_ACCEPTED = (
    "The service double has no accepted, so credentials that are in no version of the secret weren't looked for."
)


def unjudged(subject: Subject, dry: DryRun) -> tuple[str, ...]:
    """Return what can't be judged, and which scenarios were left out for want of a double or of its answers.

    Args:
        subject: what is checked.
        dry: the undisturbed rotations.
    """
    has_accepts, has_accepted = "accepts" in dry.offers, "accepted" in dry.offers
    sentences = {
        DOUBLE_REFUSES: dry.before.is_refused,
        _NO_SERVICE: subject.service is None,
        _NO_QUESTION: subject.service is not None and not has_accepts and not has_accepted,
        _NO_ACCEPTS: not has_accepts and has_accepted,
        _NO_ACCEPTED: has_accepts and not has_accepted,
    }
    told = [sentence for sentence, is_true in sentences.items() if is_true]
    return tuple(told) if dry.obstacles else (*told, *_left_out(subject, dry))


def _left_out(subject: Subject, dry: DryRun) -> Iterator[str]:
    """Yield which scenarios were left out."""
    needed = {
        "testSecret.dropped-before": {"drop"},
        "mode.cold": {"accepts", "accepted"},
        "mode.rotated-elsewhere": {"accepts", "accepted"},
        **({"mode.others-changed": {"accepts", "accepted"}} if reads_others(dry, subject) else {}),
        "limit.credentials": {"accepted"},
    }
    missing = [scenario for scenario, questions in needed.items() if questions.isdisjoint(dry.offers)]
    if missing:
        *first, last = missing
        names = f"{', '.join(first)} and {last}" if first else last
        no_double = subject.service is None
        wanted = " and no ".join(sorted({min(needed[scenario]) for scenario in missing}))
        why = "there is no service double" if no_double else f"the double has no {wanted}"
        yield f"{names} {'were' if first else 'was'} left out, because {why}."
