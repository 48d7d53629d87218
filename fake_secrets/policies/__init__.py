"""IAM policies out of templates: what a role or a user may do, as it will be deployed.

Begin with `cloudformation`. `attached` finds a role's policies in a template, `expressions` evaluates the
template's functions, and `identities` knows what Ref and Fn::GetAtt give of each kind of resource. `generated`
marks the characters that AWS makes up at deployment. `cdk` and `sam` find or make a CloudFormation template first.
`terraform` reads plans and states, whose expressions are evaluated already.

The package itself is called `policies` because that is its public name.
"""

from fake_secrets.iam.role_policies import RolePolicies
from fake_secrets.policies.cdk import from_cdk
from fake_secrets.policies.cloudformation import from_cloudformation
from fake_secrets.policies.sam import from_sam
from fake_secrets.policies.terraform import from_terraform

__all__ = ["RolePolicies", "from_cdk", "from_cloudformation", "from_sam", "from_terraform"]
