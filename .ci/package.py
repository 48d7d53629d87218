"""Build the wheel and the sdist, and use them in empty environments, away from the checkout.

Usage: python .ci/package.py. It needs the package `build`, and prints what it has tried.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The date of every file in both archives, so that two builds are the same.
BUILD_DATE = "1795737600"
VALUE = '{"username": "app", "password": "old"}'
ROTATION = """
import boto3

client = boto3.client("secretsmanager", region_name="us-east-1")


def lambda_handler(event, context):
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        pending = {"ClientRequestToken": token, "VersionStages": ["AWSPENDING"]}
        new = client.get_random_password()["RandomPassword"]
        client.put_secret_value(SecretId=arn, SecretString=new, **pending)
    elif event["Step"] == "finishSecret":
        old = client.get_secret_value(SecretId=arn)["VersionId"]
        move = {"MoveToVersionId": token, "RemoveFromVersionId": old}
        client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", **move)
"""
TEST = """
def test_the_plugin_is_there(fake_secrets, secretsmanager):
    fake_secrets.add("prod/db", "old")
    assert secretsmanager.get_secret_value(SecretId="prod/db")["SecretString"] == "old"
"""
READING = """
import boto3

print(boto3.client("secretsmanager").get_secret_value(SecretId="api/key")["SecretString"])
"""
# What each extra for users makes possible.
EXTRAS = {
    "templates": """
        import pathlib
        from fake_secrets import mock_stages, policies
        pathlib.Path("template.yaml").write_text(
            "Resources: {Role: {Type: 'AWS::IAM::Role', Properties: {Policies: [{PolicyName: a, PolicyDocument: "
            "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'secretsmanager:*', Resource: '*'}]}}]}}}"
        )
        with mock_stages(identity_policy=policies.from_cloudformation("template.yaml", role="Role")):
            pass
        """,
    "sam": """
        import pathlib
        from fake_secrets import policies
        pathlib.Path("template.yaml").write_text(
            "Transform: 'AWS::Serverless-2016-10-31'\\n"
            "Resources: {Rotate: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b, InlineCode: x, "
            "Runtime: python3.13, "
            "Policies: [{Statement: [{Effect: Allow, Action: 'secretsmanager:*', Resource: '*'}]}]}}}"
        )
        policies.from_sam("template.yaml", role="Rotate")
        """,
}


def run(*command: str | Path, folder: Path, expected: int = 0, **variables: str) -> str:
    """Run a command in a folder, and return its output; end here if it has another exit status."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ran = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ran.returncode != expected:
        sys.exit(f"{' '.join(map(str, command))} has ended with {ran.returncode}, not {expected}:\n{ran.stdout}")
    return ran.stdout


def built(folder: Path) -> dict[str, str]:
    """Build both archives in a folder, and return their digests by name."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder, SOURCE_DATE_EPOCH=BUILD_DATE)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def check_contents(folder: Path) -> Path:
    """Look at what is in the archives, and return the wheel."""
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"fake_secrets"}, sorted(top)
    assert not [name for name in names if "test_" in name or "conftest" in name]
    assert "fake_secrets/py.typed" in names
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "conftest.py"} <= inside, sorted(inside)
    return wheel


def environment(folder: Path, *requirements: str | Path) -> Path:
    """Make an empty environment with some packages in it, and return its folder of commands."""
    venv.create(folder, with_pip=True)
    commands = folder / "bin"
    run(commands / "python", "-m", "pip", "install", "--quiet", *requirements, folder=folder)
    return commands


def use(wheel: Path, work: Path) -> None:
    """Use the core from the wheel, then what needs boto3 and pytest."""
    commands, here = environment(work / "core", wheel), work / "use"
    here.mkdir()
    needed = {
        "botocore",
        "jmespath",
        "python-dateutil",
        "six",
        "urllib3",
        "wrapt",
        "fake-secrets",
        "pip",
        "setuptools",
    }
    installed = run(commands / "python", "-m", "pip", "list", "--format=freeze", folder=here)
    names = {line.partition("==")[0].lower().replace("_", "-") for line in installed.split() if "==" in line}
    assert names <= needed, sorted(names - needed)
    run(commands / "python", "-W", "error", "-c", "import fake_secrets", folder=here)
    run(commands / "fake-secrets", "--version", folder=here)
    run(commands / "fake-secrets", "demo", folder=here)
    run(commands / "python", "-m", "pip", "install", "--quiet", "boto3", "pytest", folder=here)
    for name, content in {"rotation.py": ROTATION, "test_it.py": TEST, "app.py": READING}.items():
        (here / name).write_text(content)
    (here / "seed.json").write_text('{"api/key": "s3cret"}')
    python = commands / "python"
    assert "1 passed" in run(python, "-m", "pytest", "-q", folder=here, AWS_DEFAULT_REGION="us-east-1")
    # That function isn't idempotent, which the contract finds.
    run(
        commands / "fake-secrets",
        "check",
        "rotation:lambda_handler",
        "--secret",
        VALUE,
        folder=here,
        expected=1,
    )
    served = run(
        commands / "fake-secrets", "serve", "--quiet", "--seed", "seed.json", "--", python, "app.py", folder=here
    )
    assert served == "s3cret\n", served


def main() -> None:
    """Try everything."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("first", "second"):
            (work / name).mkdir()
        first, second = built(work / "first"), built(work / "second")
        assert first == second, f"two builds differ: {first}, {second}"
        wheel = check_contents(work / "first")
        print("built twice, the same:", *first)
        use(wheel, work)
        print("the core, the plugin and the commands work from the wheel")
        for extra, code in EXTRAS.items():
            commands = environment(work / extra, f"{wheel}[{extra}]")
            run(commands / "python", "-c", textwrap.dedent(code), folder=work / extra)
            print(f"the extra {extra} works")


if __name__ == "__main__":
    main()
