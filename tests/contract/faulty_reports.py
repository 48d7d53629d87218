"""Reports of faulty functions, with several causes and with names of any characters."""

import dataclasses

from contract.gallery_modules import load

from fake_secrets import ContractReport, check_rotation

NASTY = "<script>alert(1)</script>&\"' \n\x1b[31m\u202e\u200b\ud800 漢字 é"

# Scenarios that kill the function, let a step fail, and put somebody else's value; and a long one.
SHOWN = {
    "key_made_before_looking": "createSecret.kill-after-3",
    "create_never_looks": "createSecret.twice",
    "finish_takes_any_current": "finishSecret.put-before",
    "put_without_token": "plain.three-times",
}


def faulty_report():
    """Return one report with the causes of several functions."""
    causes, scenarios = [], []
    for name, scenario in SHOWN.items():
        exhibit = load("faulty", name)
        report = check_rotation(exhibit.handler, **exhibit.arguments, only=scenario)
        causes += report.violations
        scenarios.append(scenario)
    others = tuple(f"setSecret.error-{number}" for number in range(1, 21))
    causes[0] = dataclasses.replace(causes[0], others=others)
    allowed = dataclasses.replace(causes[1], allowed="the service is rebuilt at night")
    exhibit = load("good", "single_user")
    notes = check_rotation(exhibit.handler, **exhibit.arguments, only="plain").notes
    notes += tuple(
        dataclasses.replace(one, severity="note", name="empty-test", picture=None) for one in causes[:1]
    )
    return ContractReport(
        (*causes, allowed),
        notes,
        (*scenarios, *others, "late.all-steps"),
        ("Scenarios of `dropped` were left out: the double has no method drop.",),
        ("untested-value",),
        function="rotation:lambda_handler",
    )


def nasty_report():
    """Return a report whose texts have any characters."""
    report = faulty_report()
    cause = report.violations[1]
    assert cause.picture is not None
    runs = [
        dataclasses.replace(
            run,
            step=NASTY,
            why=NASTY,
            end=f"raises {NASTY}",
            columns=tuple(
                dataclasses.replace(one, name=NASTY, where=f"{NASTY}:7", mark=NASTY, outcome=NASTY)
                for one in run.columns
            ),
        )
        for run in cause.picture.runs
    ]
    labels = tuple(dataclasses.replace(row, name=NASTY) for row in cause.picture.labels)
    changed = dataclasses.replace(
        cause,
        detail=NASTY,
        where=f"{NASTY}:7",
        source=NASTY,
        title=NASTY,
        replay=NASTY,
        picture=dataclasses.replace(cause.picture, runs=tuple(runs), labels=labels),
    )
    allowed = dataclasses.replace(cause, allowed=NASTY)
    return dataclasses.replace(
        report, violations=(changed, allowed), left_out=(NASTY,), unused_allowances=(NASTY,), function=NASTY
    )
