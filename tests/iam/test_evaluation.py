"""Decisions: what the vectors leave out."""

import copy
import json

import pytest

from fake_secrets.iam import grammar, identity_grammar
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate

ACCOUNT, OTHER = "123456789012", "210987654321"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:app/db-AbCdEf"
GET = "secretsmanager:GetSecretValue"
USER = Caller(f"arn:aws:iam::{ACCOUNT}:user/dev", ACCOUNT)
SESSION = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1", ACCOUNT, role=f"arn:aws:iam::{ACCOUNT}:role/app")
ROLE = Caller(f"arn:aws:iam::{ACCOUNT}:role/team/app", ACCOUNT)
ROOT = Caller(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
FOREIGN_ROOT = Caller(f"arn:aws:iam::{OTHER}:root", OTHER)
FOREIGN_USER = Caller(f"arn:aws:iam::{OTHER}:user/dev", OTHER)
FEDERATED = Caller(
    f"arn:aws:sts::{ACCOUNT}:federated-user/bob", ACCOUNT, parent=f"arn:aws:iam::{ACCOUNT}:user/bob"
)
SERVICE = Caller("rds.amazonaws.com", ACCOUNT)


def identity(*statements, name="p", version="2012-10-17"):
    each = [{"Effect": "Allow", "Action": GET, "Resource": "*", **one} for one in statements or [{}]]
    return identity_grammar.parse(json.dumps({"Version": version, "Statement": each}), name)


def resource(principal, **elements):
    statement = {"Effect": "Allow", "Principal": principal, "Action": GET, "Resource": "*", **elements}
    return grammar.parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


ALLOWS, DENIES, SILENT = identity(), identity({"Effect": "Deny"}), identity({"Action": "s3:GetObject"})


def decide(caller=USER, action=GET, on=SECRET, context=None, **layers):
    return evaluate(Check(action, on, context or {}), caller, Layers(**layers))


def decided(caller=USER, **layers):
    decision = decide(caller, **layers)
    return decision.effect, decision.layers


class TestUnknownIdentity:
    def test_a_caller_without_known_policies_may_do_everything(self):
        assert decided() == ("allowed", ("identity",))

    def test_boundary_and_session_policy_cap_it(self):
        assert decided(boundary=SILENT, session=[SILENT]) == ("implicit_deny", ("boundary", "session"))
        assert decided(boundary=ALLOWS, session=[ALLOWS]) == ("allowed", ("identity",))

    def test_a_deny_of_any_layer_holds(self):
        assert decided(resource=[resource("*", Effect="Deny")]) == ("explicit_deny", ("resource",))
        assert decided(boundary=DENIES) == ("explicit_deny", ("boundary",))

    def test_another_account_needs_the_resource_policy(self):
        assert decided(FOREIGN_USER) == ("implicit_deny", ("resource",))
        policy = resource({"AWS": OTHER})
        assert decided(FOREIGN_USER, resource=[policy]) == ("allowed", ("identity", "resource"))

    def test_the_decision_has_the_statement_that_is_known(self):
        policy = resource({"AWS": OTHER})
        decision = decide(FOREIGN_USER, resource=[policy])
        assert (decision.policy, decision.statement) == (policy, policy.statements[0])
        assert decide().statement is None

    def test_a_federated_user_may_do_everything_too(self):
        assert decided(FEDERATED) == ("allowed", ("identity",))


class TestRoles:
    def test_a_roles_own_arn_stands_for_its_sessions(self):
        by_role = resource({"AWS": f"arn:aws:iam::{ACCOUNT}:role/team/app"})
        assert decided(ROLE, identity=[], resource=[by_role]) == ("allowed", ("resource",))
        assert decided(ROLE, identity=[], resource=[by_role], boundary=SILENT) == ("implicit_deny", ("boundary",))

    def test_its_path_does_not_count(self):
        for path in ("", "other/"):
            by_role = resource({"AWS": f"arn:aws:iam::{ACCOUNT}:role/{path}app"})
            assert decided(ROLE, identity=[], resource=[by_role]) == ("allowed", ("resource",))

    def test_a_named_session_is_not_every_session(self):
        by_session = resource({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"})
        assert decided(ROLE, identity=[], resource=[by_session]) == ("implicit_deny", ("identity",))
        assert decided(SESSION, identity=[], resource=[by_session]) == ("allowed", ("resource",))

    def test_the_way_of_naming_that_grants_most_counts(self):
        by_role = resource({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"})
        policies = [resource({"AWS": ACCOUNT}), by_role, resource("*")]
        assert decided(SESSION, identity=[], resource=policies, boundary=SILENT) == ("allowed", ("resource",))
        assert decided(SESSION, identity=[], resource=policies[:2], boundary=ALLOWS) == ("allowed", ("resource",))

    def test_identity_policies_and_a_grant_to_the_role_both_count(self):
        by_role = resource({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"})
        assert decided(SESSION, identity=[ALLOWS], resource=[by_role]) == ("allowed", ("identity", "resource"))

    def test_a_role_of_the_same_name_in_another_account_is_another(self):
        by_role = resource({"AWS": f"arn:aws:iam::{OTHER}:role/app"})
        assert decided(SESSION, identity=[], resource=[by_role]) == ("implicit_deny", ("identity",))


class TestRoot:
    def test_no_identity_policy_boundary_or_session_policy_binds_it(self):
        layers = {"identity": [DENIES], "boundary": DENIES, "session": [DENIES]}
        assert decided(ROOT, **layers) == ("allowed", ("root",))

    def test_that_of_another_account_needs_the_resource_policy_alone(self):
        for principal in ({"AWS": OTHER}, {"AWS": FOREIGN_ROOT.arn}, "*"):
            layers = {"identity": [], "resource": [resource(principal)]}
            assert decided(FOREIGN_ROOT, **layers) == ("allowed", ("resource",))
        assert decided(FOREIGN_ROOT) == ("implicit_deny", ("resource",))

    def test_a_user_named_root_is_a_user(self):
        user = Caller(f"arn:aws:iam::{ACCOUNT}:user/root", ACCOUNT)
        assert decided(user, identity=[]) == ("implicit_deny", ("identity",))


class TestFederatedUsers:
    BY_PARENT = resource({"AWS": FEDERATED.parent})

    def test_without_a_session_policy_identity_policies_give_nothing(self):
        assert decided(FEDERATED, identity=[ALLOWS]) == ("implicit_deny", ("identity",))
        assert decided(FEDERATED, identity=[ALLOWS], session=[ALLOWS]) == ("allowed", ("identity",))

    def test_a_grant_to_the_parent_is_within_the_session_policy(self):
        layers = {"identity": [], "resource": [self.BY_PARENT]}
        assert decided(FEDERATED, **layers) == ("implicit_deny", ("identity",))
        assert decided(FEDERATED, session=[SILENT], **layers) == ("implicit_deny", ("session",))
        assert decided(FEDERATED, session=[ALLOWS], **layers) == ("allowed", ("resource",))


class TestServices:
    def test_one_needs_the_resource_policy_alone(self):
        granted = resource({"Service": "rds.amazonaws.com"})
        assert decided(SERVICE, identity=[], resource=[granted]) == ("allowed", ("resource",))
        assert decided(SERVICE, identity=[ALLOWS]) == ("implicit_deny", ("resource",))

    def test_a_deny_holds_for_it(self):
        denied = resource("*", Effect="Deny")
        assert decided(SERVICE, resource=[denied]) == ("explicit_deny", ("resource",))


class TestSeveralPolicies:
    def test_one_of_the_session_policies_has_to_allow(self):
        assert decided(SESSION, session=[SILENT, ALLOWS]) == ("allowed", ("identity",))
        assert decided(SESSION, session=[]) == ("implicit_deny", ("session",))

    def test_each_attached_resource_policy_counts(self):
        policies = [resource("*"), resource("*", Effect="Deny")]
        assert decided(identity=[], resource=policies) == ("explicit_deny", ("resource",))
        assert decided(identity=[], resource=policies[:1]) == ("allowed", ("resource",))

    def test_the_decision_has_the_first_statement_that_decides(self):
        first, second = identity({"Action": "s3:*"}, {"Sid": "Read"}, name="first"), identity(name="second")
        decision = decide(identity=[first, second])
        assert (decision.policy.name, decision.statement.sid, decision.statement.number) == ("first", "Read", 2)
        denying = identity({}, {"Effect": "Deny", "Sid": "No"}, {"Effect": "Deny"}, name="denying")
        decision = decide(identity=[first, denying], boundary=DENIES)
        assert decision.layers == ("identity", "boundary")
        assert (decision.policy.name, decision.statement.sid) == ("denying", "No")


class TestActionsAndResources:
    def test_an_action_without_resource_has_no_resource_policy(self):
        deny = resource("*", Effect="Deny", Action="*")
        decision = decide(action="secretsmanager:ListSecrets", on="*", identity=[], resource=[deny, resource("*")])
        assert (decision.effect, decision.layers) == ("implicit_deny", ("identity",))

    @pytest.mark.parametrize("pattern", ["arn:aws:secretsmanager:*", "arn:*:secretsmanager:*:*:secret:*"])
    def test_only_a_star_covers_an_action_without_resource(self, pattern):
        action = "secretsmanager:GetRandomPassword"
        policies = [identity({"Action": action, "Resource": pattern})]
        assert decide(action=action, on="*", identity=policies).effect == "implicit_deny"
        policies = [identity({"Action": action, "Resource": [pattern, "*"]})]
        assert decide(action=action, on="*", identity=policies).effect == "allowed"

    def test_other_services_have_resources_too(self):
        function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate"
        policies = [identity({"Action": "lambda:InvokeFunction", "Resource": function})]
        assert decide(action="lambda:InvokeFunction", on=function, identity=policies).effect == "allowed"
        assert (
            decide(action="lambda:InvokeFunction", on=f"{function}2", identity=policies).effect == "implicit_deny"
        )

    @pytest.mark.parametrize("pattern", ["**", "?*", "*:secret:app/*", "app/db", ""])
    def test_what_is_no_arn_covers_nothing(self, pattern):
        assert decide(identity=[], resource=[resource("*", Resource=pattern)]).effect == "implicit_deny"

    def test_a_resource_without_an_account_is_everybodys(self):
        policies = [identity({"Action": "s3:*"})]
        assert decide(action="s3:GetObject", on="arn:aws:s3:::bucket/key", identity=policies).effect == "allowed"

    def test_not_resource_with_one_variable_without_a_value_covers_nothing(self):
        values = [f"{SECRET[:-13]}${{aws:PrincipalTag/team}}/*", f"{SECRET[:-13]}prod/*"]
        for resource_ in (SECRET, "*"):
            policies = [identity({"Action": "secretsmanager:*", "Resource": "*"})]
            deny = json.dumps(
                {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "NotResource": values}}
            )
            policies.append(identity_grammar.parse(deny, "deny"))
            assert decide(on=resource_, identity=policies).effect == "allowed"
            context = {"aws:principaltag/team": "x"}
            assert decide(on=resource_, identity=policies, context=context).effect == "explicit_deny"

    def test_a_variable_has_its_value_of_each_request(self):
        policies = [identity({"Resource": f"{SECRET[:-13]}${{aws:username}}/*"})]
        names = ["app", "ops", *map(str, range(100)), "app", ["app"], "ops"]
        effects = [decide(identity=policies, context={"aws:username": name}).effect for name in names]
        assert [name for name, effect in zip(names, effects, strict=True) if effect == "allowed"] == ["app", "app"]

    def test_a_variable_before_the_fifth_colon_is_text(self):
        text = "arn:aws:secretsmanager:us-east-1:${aws:PrincipalAccount}:secret:${aws:username}/*"
        policies = [identity({"Resource": text})]
        context = {"aws:principalaccount": ACCOUNT, "aws:username": "app"}
        assert decide(identity=policies, context=context).effect == "implicit_deny"

    def test_without_the_newer_version_variables_are_text(self):
        policies = [identity({"Resource": f"{SECRET[:-13]}${{aws:username}}/*"}, version="2008-10-17")]
        assert decide(identity=policies, context={"aws:username": "app"}).effect == "implicit_deny"


def test_a_policy_that_has_decided_can_be_copied():
    policies = [identity({"Condition": {"StringLike": {"aws:username": "d*v"}}})]
    assert decide(identity=policies, context={"aws:username": "dev"}).effect == "allowed"
    copied = copy.deepcopy(policies)
    assert copied == policies
    assert decide(identity=copied, context={"aws:username": "ops"}).effect == "implicit_deny"
