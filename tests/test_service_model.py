"""The guard against changes of the service model, itself under test."""

import copy

import pytest
import service_model


def test_what_follows_from_a_known_model_is_asserted():
    service_model.expect(condition=True, message="fine", known=True)
    with pytest.raises(AssertionError, match="a fault of ours"):
        service_model.expect(condition=False, message="a fault of ours", known=True)


def test_what_follows_from_a_changed_model_is_a_warning():
    service_model.expect(condition=True, message="fine", known=False)
    with pytest.warns(FutureWarning, match="AWS has changed the service model: a new member") as warned:
        service_model.expect(condition=False, message="a new member", known=False)
    assert repr(service_model.digest_of(service_model.description())) in str(warned[0].message)


def test_a_changed_model_is_not_known():
    changed = copy.deepcopy(service_model.description())
    changed["shapes"]["NameType"]["max"] = 1024
    assert not service_model.is_known(changed)


def test_other_documentation_is_no_change():
    reworded = copy.deepcopy(service_model.description())
    reworded["shapes"]["NameType"]["documentation"] = "The name."
    assert service_model.digest_of(reworded) == service_model.digest_of(service_model.description())


def test_the_installed_model_is_noticed_if_it_is_a_new_one():
    service_model.expect(service_model.is_known(), "look for new operations, members, errors and limits")
