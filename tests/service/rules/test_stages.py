"""The staging-label rules, row by row."""

import json

import pytest

from fake_secrets.errors import ServiceError
from fake_secrets.service.rules import stages

V1, V2, V3 = "v1", "v2", "v3"
VERSIONS = {V1, V2, V3}

# No order of names means anything: AWSCURRENT is told from other labels by being equal.
ALPHABETICALLY_AROUND_CURRENT = ["ALPHA", "AWSCURREN", "AWSCURRENT2", "aws"]


def sent(value):
    """Copy a value as the wire does: its strings stay equal but are no longer the same objects."""
    return json.loads(json.dumps(value))


class TestLooks:
    def test_labels_of_a_version_are_those_it_holds(self):
        labels = {"AWSCURRENT": V1, "AWSPENDING": V2, "LIVE": V1}
        assert stages.labels_of(labels, sent(V1)) == ["AWSCURRENT", "LIVE"]

    def test_a_deprecated_version_has_no_labels(self):
        assert stages.labels_of({"AWSCURRENT": V1}, V2) == []

    def test_by_version_leaves_deprecated_versions_out(self):
        assert stages.by_version({"AWSCURRENT": V1, "LIVE": V1}) == {V1: ["AWSCURRENT", "LIVE"]}

    def test_by_version_gathers_the_labels_of_each_version(self):
        labels = {"AWSCURRENT": V2, "AWSPREVIOUS": V1, "LIVE": V2}
        assert stages.by_version(labels) == {V2: ["AWSCURRENT", "LIVE"], V1: ["AWSPREVIOUS"]}


class TestRotation:
    """When a rotation is open, and what opening one does: api-facts 10."""

    @pytest.mark.parametrize(("current", "pending"), [(V1, V2), (V2, V1)])
    def test_it_is_open_while_pending_is_on_another_version_than_current(self, current, pending):
        assert stages.is_rotation_open({"AWSCURRENT": current, "AWSPENDING": pending})

    def test_it_is_open_while_pending_is_on_the_only_version_with_a_label(self):
        assert stages.is_rotation_open({"AWSPENDING": V1})

    def test_it_is_complete_once_pending_is_on_the_current_version(self):
        assert not stages.is_rotation_open(sent({"AWSCURRENT": V1, "AWSPENDING": V1}))

    @pytest.mark.parametrize("labels", [{}, {"AWSCURRENT": V1}])
    def test_it_is_not_open_without_pending(self, labels):
        assert not stages.is_rotation_open(labels)

    def test_opening_it_puts_pending_on_the_new_version(self):
        labels = {"AWSCURRENT": V2, "AWSPREVIOUS": V1, "LIVE": V1}
        assert stages.open_rotation(labels, version_id=V3) == {**labels, "AWSPENDING": V3}

    def test_opening_it_takes_pending_from_the_current_version(self):
        after = stages.open_rotation({"AWSCURRENT": V1, "AWSPENDING": V1}, V2)
        assert after == {"AWSCURRENT": V1, "AWSPENDING": V2}

    def test_the_given_map_is_not_changed(self):
        labels = {"AWSCURRENT": V1, "AWSPENDING": V1}
        stages.open_rotation(labels, V2)
        assert labels == {"AWSCURRENT": V1, "AWSPENDING": V1}


class TestAttach:
    """PutSecretValue and UpdateSecret: api-facts 6.2."""

    def attach(self, labels, requested, version_id=V3, *, first=False):
        return stages.attach(
            sent(labels), version_id=sent(version_id), requested=sent(requested), is_first_version=first
        )

    def test_without_stages_a_first_version_becomes_current(self):
        assert self.attach({}, None, V1, first=True) == {"AWSCURRENT": V1}

    def test_without_stages_the_old_current_version_becomes_previous(self):
        assert self.attach({"AWSCURRENT": V2, "AWSPREVIOUS": V1}, None) == {"AWSCURRENT": V3, "AWSPREVIOUS": V2}

    def test_moving_current_strips_pending_from_the_old_current_version(self):
        labels = {"AWSCURRENT": V2, "AWSPENDING": V2, "AWSPREVIOUS": V1}
        assert self.attach(labels, None) == {"AWSCURRENT": V3, "AWSPREVIOUS": V2}

    def test_moving_current_strips_pending_from_a_version_in_flight(self):
        assert self.attach({"AWSCURRENT": V1, "AWSPENDING": V2}, None) == {"AWSCURRENT": V3, "AWSPREVIOUS": V1}

    def test_a_version_in_flight_that_becomes_current_keeps_pending(self):
        after = self.attach({"AWSCURRENT": V1, "AWSPENDING": V2}, None, V2)
        assert after == {"AWSCURRENT": V2, "AWSPENDING": V2, "AWSPREVIOUS": V1}

    def test_custom_labels_stay_where_they_are_when_current_moves(self):
        after = self.attach({"AWSCURRENT": V1, "LIVE": V1}, ["AWSCURRENT", "NEW"])
        assert after == {"AWSCURRENT": V3, "AWSPREVIOUS": V1, "LIVE": V1, "NEW": V3}

    @pytest.mark.parametrize("label", ALPHABETICALLY_AROUND_CURRENT)
    def test_any_custom_label_can_be_asked_for_beside_current(self, label):
        after = self.attach({"AWSCURRENT": V1}, ["AWSCURRENT", label])
        assert after == {"AWSCURRENT": V3, "AWSPREVIOUS": V1, label: V3}

    def test_a_version_that_is_already_current_makes_nothing_previous(self):
        labels = {"AWSCURRENT": V2, "AWSPREVIOUS": V1}
        assert self.attach(labels, ["AWSCURRENT"], V2) == labels

    @pytest.mark.parametrize("requested", [["AWSPENDING"], ["LIVE"], ["AWSPENDING", "LIVE"], ["AWSPREVIOUS"]])
    def test_other_labels_leave_current_alone(self, requested):
        after = self.attach({"AWSCURRENT": V1}, requested)
        assert after == {"AWSCURRENT": V1, **dict.fromkeys(requested, V3)}

    def test_custom_labels_leave_pending_and_previous_where_they_are(self):
        labels = {"AWSCURRENT": V2, "AWSPREVIOUS": V1, "AWSPENDING": V1}
        assert self.attach(labels, ["LIVE"]) == {**labels, "LIVE": V3}

    def test_a_requested_label_is_taken_from_its_holder(self):
        assert self.attach({"AWSCURRENT": V1, "LIVE": V2}, ["LIVE"]) == {"AWSCURRENT": V1, "LIVE": V3}

    def test_a_first_version_with_custom_labels_becomes_current_too(self):
        assert self.attach({}, ["LIVE"], V1, first=True) == {"LIVE": V1, "AWSCURRENT": V1}

    def test_pending_and_current_can_be_requested_together(self):
        after = self.attach({"AWSCURRENT": V1, "AWSPENDING": V2}, ["AWSCURRENT", "AWSPENDING"])
        assert after == {"AWSCURRENT": V3, "AWSPENDING": V3, "AWSPREVIOUS": V1}

    def test_previous_requested_with_current_goes_to_the_old_current_version(self):
        after = self.attach({"AWSCURRENT": V1}, ["AWSCURRENT", "AWSPREVIOUS"])
        assert after == {"AWSCURRENT": V3, "AWSPREVIOUS": V1}

    def test_the_given_map_is_not_changed(self):
        labels = {"AWSCURRENT": V1, "AWSPENDING": V2}
        stages.attach(labels, V3, None, is_first_version=False)
        assert labels == {"AWSCURRENT": V1, "AWSPENDING": V2}


CURRENT_REQUIRED = (
    "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version "
    "v1, so you must explicitly reference that version in RemoveFromVersionId."
)


class TestMove:
    """UpdateSecretVersionStage: the decision table of api-facts 6.3."""

    def move(self, labels, label, *, remove=None, to=None):
        return stages.move(
            sent(labels), version_ids=VERSIONS, label=sent(label), remove_from=sent(remove), move_to=sent(to)
        )

    def refusal(self, labels, label, *, remove=None, to=None):
        with pytest.raises(ServiceError) as refused:
            self.move(labels, label, remove=remove, to=to)
        assert isinstance(refused.value.message, str)
        return refused.value.code, refused.value.message

    @pytest.mark.parametrize("label", ["AWSCURRENT", "AWSPENDING", "LIVE"])
    def test_row_1_neither_version_is_refused(self, label):
        code, _ = self.refusal({label: V1}, label)
        assert code == "InvalidParameterException"

    @pytest.mark.parametrize(
        "label", ["AWSCURRENT", "AWSPREVIOUS", "AWSPENDING", "LIVE", *ALPHABETICALLY_AROUND_CURRENT]
    )
    def test_row_2_a_label_without_a_holder_is_attached(self, label):
        assert self.move({"OTHER": V1}, label, to=V2) == {"OTHER": V1, label: V2}

    def test_row_2_current_attached_for_the_first_time_moves_no_previous(self):
        assert self.move({"AWSPREVIOUS": V1}, "AWSCURRENT", to=V2) == {"AWSPREVIOUS": V1, "AWSCURRENT": V2}

    @pytest.mark.parametrize("to", [None, V2])
    @pytest.mark.parametrize("label", ["AWSCURRENT", "LIVE"])
    def test_row_3_removing_a_label_without_a_holder_is_refused(self, label, to):
        refusal = self.refusal({}, label, remove=V1, to=to)
        assert refusal[0] == "InvalidParameterException"

    @pytest.mark.parametrize("label", ["AWSCURRENT", "AWSPREVIOUS", "AWSPENDING", "LIVE"])
    def test_row_4_moving_without_naming_the_holder_is_refused(self, label):
        refusal = self.refusal({label: V1}, label, to=V2)
        assert refusal == ("InvalidParameterException", CURRENT_REQUIRED.format(label=label))

    @pytest.mark.parametrize("label", ["AWSCURRENT", "LIVE"])
    def test_row_5_attaching_a_label_to_its_holder_changes_nothing(self, label):
        labels = {label: V1, "AWSPENDING": V1}
        assert self.move(labels, label, to=V1) == labels

    def test_row_6_moving_current_makes_its_holder_previous(self):
        labels = {"AWSCURRENT": V2, "AWSPREVIOUS": V1}
        assert self.move(labels, "AWSCURRENT", remove=V2, to=V3) == {"AWSCURRENT": V3, "AWSPREVIOUS": V2}

    def test_row_6_the_target_keeps_pending(self):
        after = self.move({"AWSCURRENT": V1, "AWSPENDING": V2}, "AWSCURRENT", remove=V1, to=V2)
        assert after == {"AWSCURRENT": V2, "AWSPENDING": V2, "AWSPREVIOUS": V1}

    def test_row_6_rolling_back_swaps_current_and_previous(self):
        after = self.move({"AWSCURRENT": V2, "AWSPREVIOUS": V1}, "AWSCURRENT", remove=V2, to=V1)
        assert after == {"AWSCURRENT": V1, "AWSPREVIOUS": V2}

    def test_row_6_pending_leaves_the_version_that_current_leaves(self):
        after = self.move({"AWSCURRENT": V1, "AWSPENDING": V1}, "AWSCURRENT", remove=V1, to=V2)
        assert after == {"AWSCURRENT": V2, "AWSPREVIOUS": V1}

    def test_row_6_pending_on_a_third_version_stays(self):
        after = self.move({"AWSCURRENT": V1, "AWSPENDING": V3}, "AWSCURRENT", remove=V1, to=V2)
        assert after == {"AWSCURRENT": V2, "AWSPREVIOUS": V1, "AWSPENDING": V3}

    def test_row_6_custom_labels_stay_on_both_versions(self):
        after = self.move({"AWSCURRENT": V1, "A": V1, "B": V2}, "AWSCURRENT", remove=V1, to=V2)
        assert after == {"AWSCURRENT": V2, "AWSPREVIOUS": V1, "A": V1, "B": V2}

    @pytest.mark.parametrize("label", ["AWSPREVIOUS", "AWSPENDING", "LIVE", *ALPHABETICALLY_AROUND_CURRENT])
    def test_row_6_moving_another_label_moves_nothing_else(self, label):
        labels = {"AWSCURRENT": V1, "OTHER": V1, label: V1}
        assert self.move(labels, label, remove=V1, to=V2) == {**labels, label: V2}

    @pytest.mark.parametrize("label", ["AWSCURRENT", "LIVE"])
    def test_row_7_moving_a_label_to_its_holder_changes_nothing(self, label):
        labels = {label: V1, "AWSPENDING": V1, "AWSPREVIOUS": V2}
        assert self.move(labels, label, remove=V1, to=V1) == labels

    def test_row_8_current_cannot_be_removed(self):
        assert self.refusal({"AWSCURRENT": V1}, "AWSCURRENT", remove=V1) == (
            "InvalidParameterException",
            (
                "You can only move staging label AWSCURRENT to a different secret version. "
                "It can't be completely removed."
            ),
        )

    @pytest.mark.parametrize("label", ["AWSPREVIOUS", "AWSPENDING", "LIVE", *ALPHABETICALLY_AROUND_CURRENT])
    def test_row_8_another_label_is_removed_alone(self, label):
        assert self.move({"AWSCURRENT": V1, label: V1, "OTHER": V1}, label, remove=V1) == {
            "AWSCURRENT": V1,
            "OTHER": V1,
        }

    @pytest.mark.parametrize("to", [None, V2, V3])
    @pytest.mark.parametrize("label", ["AWSCURRENT", "LIVE"])
    def test_row_9_naming_a_version_other_than_the_holder_is_refused(self, label, to):
        refusal = self.refusal({label: V1}, label, remove=V2, to=to)
        assert refusal[0] == "InvalidParameterException"

    @pytest.mark.parametrize("holder", [{}, {"LIVE": V1}])
    def test_row_10_an_unknown_source_is_not_found(self, holder):
        assert self.refusal(holder, "LIVE", remove="unknown", to=V2)[0] == "ResourceNotFoundException"

    @pytest.mark.parametrize("remove", [None, V1])
    def test_row_11_an_unknown_target_is_not_found(self, remove):
        assert self.refusal({"LIVE": V1}, "LIVE", remove=remove, to="unknown")[0] == "ResourceNotFoundException"

    def test_a_move_that_changes_nothing_still_returns_a_new_map(self):
        labels = {"LIVE": V1}
        assert stages.move(labels, VERSIONS, "LIVE", None, V1) is not labels

    def test_a_deprecated_version_can_become_current_again(self):
        after = self.move({"AWSCURRENT": V2, "AWSPREVIOUS": V3}, "AWSCURRENT", remove=V2, to=V1)
        assert after == {"AWSCURRENT": V1, "AWSPREVIOUS": V2}

    def test_the_given_map_is_not_changed(self):
        labels = {"AWSCURRENT": V1, "AWSPENDING": V1}
        stages.move(labels, VERSIONS, "AWSCURRENT", V1, V2)
        assert labels == {"AWSCURRENT": V1, "AWSPENDING": V1}


def attach_pending(labels, **quota):
    return stages.attach(labels, V2, ["AWSPENDING"], is_first_version=False, **quota)


def move_pending(labels, **quota):
    return stages.move(labels, VERSIONS, "AWSPENDING", labels.get("AWSPENDING"), V2, **quota)


def open_rotation(labels, **quota):
    return stages.open_rotation(labels, V2, **quota)


@pytest.mark.parametrize("give_pending", [attach_pending, move_pending, open_rotation])
class TestQuota:
    """How many labels a secret may have on all its versions together: api-facts 6.1 I9."""

    def labels(self, count):
        return {f"L{n}": V1 for n in range(count)}

    def test_a_label_that_uses_the_quota_up_is_allowed(self, give_pending):
        labels = self.labels(stages.LABEL_QUOTA - 1)
        assert give_pending(labels) == {**labels, "AWSPENDING": V2}

    def test_one_more_label_is_refused(self, give_pending):
        with pytest.raises(ServiceError) as refused:
            give_pending(self.labels(stages.LABEL_QUOTA))
        assert refused.value.code == "LimitExceededException"
        assert isinstance(refused.value.message, str)

    def test_a_label_that_only_moves_needs_no_room(self, give_pending):
        labels = {**self.labels(stages.LABEL_QUOTA - 1), "AWSPENDING": V1}
        assert give_pending(labels) == {**labels, "AWSPENDING": V2}

    @pytest.mark.parametrize("quota", [1, 19, 21])
    def test_a_given_quota_can_be_used_up(self, give_pending, quota):
        assert len(give_pending(self.labels(quota - 1), quota=quota)) == quota

    @pytest.mark.parametrize("quota", [1, 19, 21])
    def test_a_given_quota_cannot_be_exceeded(self, give_pending, quota):
        with pytest.raises(ServiceError) as refused:
            give_pending(self.labels(quota), quota=quota)
        assert refused.value.code == "LimitExceededException"
