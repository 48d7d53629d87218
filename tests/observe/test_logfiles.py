"""`trail.write` writes the log files that CloudTrail delivers to a bucket."""

import datetime
import gzip
import json
import re

import boto3
import pytest
from rotators import Rotator

# The user guide of CloudTrail, "CloudTrail log file examples".
PATH = re.compile(
    r"AWSLogs/(\d{12})/CloudTrail/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_CloudTrail_\2_\3\4\5T(\d{4})Z_[A-Z0-9]{16}\.json\.gz"
)


@pytest.fixture(autouse=True)
def noon(freezer_at_noon):
    return freezer_at_noon


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old")


def content(path):
    return json.loads(gzip.decompress(path.read_bytes()))


def test_a_file_has_the_records_of_its_account_region_and_five_minutes(db, fake_secrets, tmp_path):
    fake_secrets.rotate("prod/db", Rotator())
    (path,) = fake_secrets.trail.write(tmp_path)
    match = PATH.fullmatch(path.relative_to(tmp_path).as_posix())
    assert match.groups() == ("123456789012", "us-east-1", "2026", "03", "04", "1205")
    assert content(path) == {"Records": fake_secrets.trail.records}


def test_each_account_region_and_time_has_a_file_of_its_own(noon, fake_secrets, secretsmanager, tmp_path):
    secretsmanager.list_secrets()
    noon.tick(datetime.timedelta(minutes=4, seconds=59))
    secretsmanager.list_secrets()
    noon.tick(1)
    secretsmanager.list_secrets()
    boto3.client("secretsmanager", region_name="eu-west-1").list_secrets()
    stranger = fake_secrets.credentials("arn:aws:iam::210987654321:root")
    boto3.client("secretsmanager", region_name="us-east-1", **stranger).list_secrets()
    written = [
        (PATH.fullmatch(path.relative_to(tmp_path).as_posix()).group(1, 2, 6), len(content(path)["Records"]))
        for path in fake_secrets.trail.write(tmp_path)
    ]
    assert written == [
        (("123456789012", "eu-west-1", "1210"), 1),
        (("123456789012", "us-east-1", "1205"), 2),
        (("123456789012", "us-east-1", "1210"), 1),
        (("210987654321", "us-east-1", "1210"), 1),
    ]


def test_writing_again_gives_the_same_files(noon, db, fake_secrets, secretsmanager, tmp_path):
    secretsmanager.list_secrets()
    (first,) = fake_secrets.trail.write(tmp_path / "one")
    noon.tick(datetime.timedelta(days=1))
    (second,) = fake_secrets.trail.write(tmp_path / "two")
    assert first.relative_to(tmp_path / "one") == second.relative_to(tmp_path / "two")
    assert first.read_bytes() == second.read_bytes()


def test_writing_later_adds_what_has_happened_since(db, fake_secrets, secretsmanager, tmp_path):
    secretsmanager.list_secrets()
    before = fake_secrets.trail.write(tmp_path)
    secretsmanager.list_secrets()
    assert fake_secrets.trail.write(tmp_path) == before
    assert len(content(before[0])["Records"]) == 2


def test_without_records_there_are_no_files(db, fake_secrets, tmp_path):
    assert fake_secrets.trail.write(tmp_path / "new") == []
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_be_text(fake_secrets, secretsmanager, tmp_path):
    secretsmanager.list_secrets()
    assert fake_secrets.trail.write(str(tmp_path)) == fake_secrets.trail.write(tmp_path)


def test_a_file_is_no_place_to_write_to(fake_secrets, secretsmanager, tmp_path):
    secretsmanager.list_secrets()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(
        NotADirectoryError, match=r"file' is a file, so no log files can be written there\. Give a"
    ):
        fake_secrets.trail.write(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
