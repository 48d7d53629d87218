"""Timelines as text and as pages."""

import re
import unicodedata

import boto3
import pytest
from botocore.exceptions import ClientError
from html_reading import Reading
from rotators import Rotator

from fake_secrets import mock_stages
from fake_secrets.observe.moments import Moment
from fake_secrets.observe.pictures.terminal import text_of
from fake_secrets.observe.timeline import Timeline

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
# What a label may hold: anything of 1 to 256 characters.
NASTY = "<script>alert(1)</script>&\"' \n\x1b[31m\u202e\u200b\ud800 漢字 é"

BoldError = type("<b>Error", (Exception,), {})


def width(line):
    """The columns that a terminal needs."""
    widths = {"W": 2, "F": 2}
    return sum(
        widths.get(unicodedata.east_asian_width(char), 1) for char in line if not unicodedata.combining(char)
    )


def put(client, secret, *stages, token=None):
    arguments = {"ClientRequestToken": token} if token else {}
    client.put_secret_value(SecretId=secret, SecretString="y", VersionStages=list(stages), **arguments)


@pytest.fixture
def rotated(fake_secrets, secretsmanager):
    """The timeline of a rotation that succeeded."""
    fake_secrets.add("app/db", "x", version_ids={"AWSCURRENT": V1})
    fake_secrets.rotate("app/db", Rotator(secretsmanager), token=V2)
    return fake_secrets.timeline("app/db")


class TestText:
    def test_a_rotation_fits_into_80_columns(self, fake_secrets, secretsmanager):
        fake_secrets.add("app/db", "x", version_ids={"AWSCURRENT": V1})

        def function(event, context):
            if event["Step"] == "createSecret":
                with pytest.raises(secretsmanager.exceptions.ResourceNotFoundException):
                    secretsmanager.get_secret_value(SecretId="app/db", VersionId=V2, VersionStage="AWSPENDING")
                put(secretsmanager, "app/db", "AWSPENDING", token=V2)
            if event["Step"] == "finishSecret":
                secretsmanager.update_secret_version_stage(
                    SecretId="app/db", VersionStage="AWSCURRENT", MoveToVersionId=V2, RemoveFromVersionId=V1
                )

        fake_secrets.rotate("app/db", function, token=V2)
        assert str(fake_secrets.timeline("app/db")).splitlines() == [
            "staging labels of app/db",
            f"v1 = {V1}",
            f"v2 = {V2}",
            "",
            "   call                                    v1           v2",
            "0  (seed)                                  AWSCURRENT",
            "1  RotateSecret                            AWSCURRENT   AWSPENDING o",
            "   * RotationStarted",
            "2  createSecret: GetSecretValue            AWSCURRENT   AWSPENDING o",
            "     -> ResourceNotFoundException",
            "3  createSecret: PutSecretValue            AWSCURRENT   AWSPENDING",
            "4  setSecret: (no call)                    AWSCURRENT   AWSPENDING",
            "5  testSecret: (no call)                   AWSCURRENT   AWSPENDING",
            "6  finishSecret: UpdateSecretVersionStage  AWSPREVIOUS  AWSCURRENT AWSPENDING",
            "   * RotationSucceeded",
            "",
            "o  empty: a version without a value",
            "*  an event of the service",
        ]

    def test_deprecated_empty_and_removed_versions_have_different_signs(self, freezer_at_noon):
        with mock_stages({"db": "0"}) as world:
            client = boto3.client("secretsmanager", "us-east-1")
            world.quotas.versions = 3
            for _ in "123":
                freezer_at_noon.tick(25 * 3600)
                put(client, "db", "AWSCURRENT")
            world.rotate("db", lambda event, context: 1 / 0, errors="record")
            text = str(world.timeline("db"))
        assert text.splitlines()[7:] == [
            "   call                    v1           v2           v3           v4",
            "0  (seed)                  AWSCURRENT",
            "1  PutSecretValue          AWSPREVIOUS  AWSCURRENT",
            "2  PutSecretValue          -            AWSPREVIOUS  AWSCURRENT",
            "3  PutSecretValue          x            -            AWSPREVIOUS  AWSCURRENT",
            "4  RotateSecret            x            x            AWSPREVIOUS  AWSCURRENT",
            "   * RotationStarted",
            "5  createSecret: (failed)  x            x            AWSPREVIOUS  AWSCURRENT",
            "     -> ZeroDivisionError",
            "   * RotationFailed",
            "",
            "   call                    v5",
            "4  RotateSecret            AWSPENDING o",
            "   * RotationStarted",
            "5  createSecret: (failed)  AWSPENDING o",
            "     -> ZeroDivisionError",
            "   * RotationFailed",
            "",
            "-  deprecated: a version without a label",
            "o  empty: a version without a value",
            "x  removed: a version that no longer exists",
            "*  an event of the service",
        ]

    def test_the_copy_that_a_test_of_the_function_removes_is_told_from_deprecated_versions(
        self, fake_secrets, secretsmanager
    ):
        fake_secrets.add("db", "0")
        arn = fake_secrets.lambda_function(lambda event, context: None, name="f")
        secretsmanager.rotate_secret(
            SecretId="db",
            RotationLambdaARN=arn,
            RotateImmediately=False,
            RotationRules={"ScheduleExpression": "rate(1 day)"},
        )
        assert str(fake_secrets.timeline("db")).splitlines()[4:] == [
            "   call                     v1          v2",
            "0  (seed)                   AWSCURRENT",
            "1  RotateSecret             AWSCURRENT  AWSPENDING",
            "   * TestRotationStarted",
            "2  testSecret: (no call)    AWSCURRENT  AWSPENDING",
            "   * TestRotationSucceeded",
            "3  (end of test)            AWSCURRENT  x",
            "",
            "x  removed: a version that no longer exists",
            "*  an event of the service",
        ]

    def test_versions_that_do_not_fit_beside_each_other_are_in_tables_below_each_other(self, fake_secrets):
        client = boto3.client("secretsmanager", "us-east-1")
        fake_secrets.add("db", "0")
        for _ in range(5):
            put(client, "db", "AWSCURRENT")
        assert str(fake_secrets.timeline("db")).splitlines()[8:] == [
            "   call            v1           v2           v3           v4",
            "0  (seed)          AWSCURRENT",
            "1  PutSecretValue  AWSPREVIOUS  AWSCURRENT",
            "2  PutSecretValue  -            AWSPREVIOUS  AWSCURRENT",
            "3  PutSecretValue  -            -            AWSPREVIOUS  AWSCURRENT",
            "4  PutSecretValue  -            -            -            AWSPREVIOUS",
            "5  PutSecretValue  -            -            -            -",
            "",
            "   call            v5           v6",
            "4  PutSecretValue  AWSCURRENT",
            "5  PutSecretValue  AWSPREVIOUS  AWSCURRENT",
            "",
            "-  deprecated: a version without a label",
        ]

    def test_a_table_has_only_rows_in_which_its_versions_have_labels_or_change(self, fake_secrets, secretsmanager):
        fake_secrets.add("db", "0")
        for _ in range(20):
            put(secretsmanager, "db", "AWSCURRENT")
            secretsmanager.describe_secret(SecretId="db")
        first, *_, last, _ = str(fake_secrets.timeline("db")).split("\n\n")[1:]
        assert [line.split()[0] for line in first.splitlines()[1:]] == list(map(str, range(10)))
        assert last.splitlines()[-1].startswith("40  DescribeSecret")

    def test_a_part_leaves_out_the_versions_that_have_no_label_in_it(self, fake_secrets, secretsmanager):
        db = fake_secrets.add("db", "0")
        for number in range(1, 6):
            secretsmanager.put_secret_value(SecretId="db", SecretString=str(number))
        part = text_of(fake_secrets.timeline(db)._sheet().latest(2))
        assert part.splitlines()[:2] == [
            "staging labels of db (4 earlier rows left out, 3 versions without a label left",
            "out)",
        ]
        assert re.findall(r"^v\d", part, re.MULTILINE) == ["v4", "v5", "v6"]

    def test_a_label_of_any_characters_breaks_no_row(self, fake_secrets, secretsmanager):
        fake_secrets.add("db", "0")
        for label in (NASTY, "L" * 256, "\u6f22" * 256, "o", " ", "e\u0301" * 128):
            put(secretsmanager, "db", label)
        text = str(fake_secrets.timeline("db"))
        assert max(map(width, text.splitlines())) <= 80
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "\\u202e" in text

    def test_a_step_of_any_name_breaks_no_row(self, fake_secrets, secretsmanager):
        db = fake_secrets.add("db", "0", version_ids={"AWSCURRENT": V1})
        event = {"SecretId": db.arn, "ClientRequestToken": V1}

        def function(event, context):
            secretsmanager.list_secret_version_ids(SecretId="db")

        for step in ("x\ny", 5, None):
            fake_secrets.invoke(function, {**event, "Step": step})
        assert str(fake_secrets.timeline("db")).splitlines()[5:] == [
            "1  x\\ny: ListSecretVersionIds  AWSCURRENT",
            "2  ListSecretVersionIds        AWSCURRENT",
            "3  ListSecretVersionIds        AWSCURRENT",
        ]

    def test_a_label_that_looks_like_a_sign_is_in_quotation_marks(self, fake_secrets, secretsmanager):
        fake_secrets.add("db", "0")
        put(secretsmanager, "db", "x", "two words")
        assert str(fake_secrets.timeline("db")).endswith('AWSCURRENT  "x" "two words"')

    @pytest.mark.parametrize(("versions", "labels"), [(1, 19), (40, 1), (100, 2)])
    def test_any_number_of_versions_and_labels_fits_into_80_columns(self, versions, labels):
        ids = tuple(f"{version:064}" for version in range(versions))
        stages = tuple(tuple(f"label-{version}-{label}" for label in range(labels)) for version in range(versions))
        moments = [
            Moment("PutSecretValue", "createSecret", "succeeded", stages[:count], ("stored",) * count)
            for count in range(1, versions + 1)
        ]
        text = str(Timeline("n" * 512, ids, tuple(moments)))
        assert max(map(len, text.splitlines())) <= 80
        shown = re.sub(r"\s", "", text)
        assert all(label in shown for labels in stages for label in labels)

    def test_every_row_is_shown_even_if_no_version_exists(self, fake_secrets, secretsmanager):
        secretsmanager.create_secret(Name="db")
        secretsmanager.describe_secret(SecretId="db")
        assert str(fake_secrets.timeline("db")).splitlines() == [
            "staging labels of db",
            "",
            "   call",
            "0  CreateSecret",
            "1  DescribeSecret",
        ]

    def test_planned_faults_and_attempts_of_a_call_are_marked(self, fake_secrets, secretsmanager):
        fake_secrets.add("db", "0", version_ids={"AWSCURRENT": V1})
        fake_secrets.faults.fail("GetSecretValue", "ThrottlingException", times=2)
        secretsmanager.get_secret_value(SecretId="db")
        assert str(fake_secrets.timeline("db")).splitlines()[3:] == [
            "   call                                              v1",
            "0  (seed)                                            AWSCURRENT",
            "1  GetSecretValue -> ThrottlingException             AWSCURRENT",
            "   ! planned: ThrottlingException",
            "2  GetSecretValue, attempt 2 -> ThrottlingException  AWSCURRENT",
            "   ! planned: ThrottlingException",
            "3  GetSecretValue, attempt 3                         AWSCURRENT",
            "",
            "!  a planned fault",
        ]


class TestPage:
    def test_the_table_says_what_the_text_says(self, rotated):
        (table,) = Reading(rotated.html()).tables
        assert table == [
            ["row", "call", "outcome", "v1", "v2"],
            ["0", "(seed)", "", "AWSCURRENT", ""],
            ["1", "RotateSecret", "● event: RotationStarted", "AWSCURRENT", "AWSPENDING o empty"],
            ["2", "createSecret: GetSecretValue", "", "AWSCURRENT", "AWSPENDING o empty"],
            [
                "3",
                "createSecret: GetSecretValue",
                "▲ ResourceNotFoundException",
                "AWSCURRENT",
                "AWSPENDING o empty",
            ],
            ["4", "createSecret: PutSecretValue", "", "AWSCURRENT", "AWSPENDING"],
            ["5", "setSecret: (no call)", "", "AWSCURRENT", "AWSPENDING"],
            ["6", "testSecret: (no call)", "", "AWSCURRENT", "AWSPENDING"],
            ["7", "finishSecret: DescribeSecret", "", "AWSCURRENT", "AWSPENDING"],
            [
                "8",
                "finishSecret: UpdateSecretVersionStage",
                "● event: RotationSucceeded",
                "AWSPREVIOUS",
                "AWSCURRENT AWSPENDING",
            ],
        ]

    def test_the_table_has_a_caption_and_headings_of_rows_and_columns(self, rotated):
        reading = Reading(rotated.html())
        assert len(reading.all("caption")) == 1
        assert {heading["scope"] for heading in reading.all("th")} == {"col", "row"}
        assert len([heading for heading in reading.all("th") if heading["scope"] == "col"]) == 5

    def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(self, rotated):
        regions = [one for one in Reading(rotated.html()).all("div") if one.get("class") == "scroll"]
        assert [(one["role"], one["tabindex"], one["aria-label"]) for one in regions] == [
            ("region", "0", "drawing of app/db"),
            ("region", "0", "table of app/db"),
        ]

    def test_the_drawing_has_a_title_and_a_description(self, rotated):
        page = rotated.html()
        assert "<title>staging labels of app/db</title><desc>2 versions as lanes, " in page
        assert [one["role"] for one in Reading(page).all("svg") if "aria-hidden" not in one] == ["img"]

    def test_it_needs_no_network_and_no_script(self, rotated):
        reading = Reading(rotated.html())
        tags = {tag for tag, _ in reading.elements}
        assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
        attributes = {name: value for _, some in reading.elements for name, value in some.items()}
        assert not {name for name in attributes if name.startswith("on")} | (attributes.keys() & {"src", "href"})
        assert not re.search(r"url\(|@import", rotated.html())

    def test_every_name_is_escaped(self, fake_secrets, secretsmanager):
        token = "<i>&\"'" * 6
        fake_secrets.add("db", "0")
        put(secretsmanager, "db", NASTY, "</svg><script>", token=token)

        def function(event, context):
            raise BoldError

        fake_secrets.rotate("db", function, errors="record")
        timeline = fake_secrets.timeline("db")
        for page in (timeline.html(), timeline._repr_html_()):
            reading = Reading(page)
            assert not {"i", "script"} & {tag for tag, _ in reading.elements}
            cells = [cell for row in reading.tables[0] for cell in row]
            assert "▲ <b>Error ● event: RotationFailed" in cells
            assert any("</svg><script>" in cell and "&\"' \\n\\x1b[31m\\u202e" in cell for cell in cells)
            assert token in reading.text

    def test_it_can_be_written_even_if_a_label_has_half_a_character(self, fake_secrets, secretsmanager, tmp_path):
        fake_secrets.add("db", "0")
        put(secretsmanager, "db", NASTY)
        path = tmp_path / "page.html"
        fake_secrets.timeline("db").write_html(path)
        assert path.read_bytes().decode() == fake_secrets.timeline("db").html()

    def test_a_file_that_cannot_be_written_is_an_os_error(self, rotated, tmp_path):
        with pytest.raises(FileNotFoundError):
            rotated.write_html(tmp_path / "absent" / "page.html")

    def test_the_drawing_shows_the_latest_rows_only_and_the_table_all(self, fake_secrets, secretsmanager):
        fake_secrets.add("db", "0")
        for _ in range(250):
            secretsmanager.describe_secret(SecretId="db")
        page = fake_secrets.timeline("db").html()
        assert "<p>The drawing shows the latest 200 rows.</p>" in page
        assert "1 version as a lane, 200 rows of the table as columns" in page
        assert len(Reading(page).tables[0]) == 252


class TestNotebook:
    def test_a_timeline_shows_the_same_table(self, rotated):
        assert Reading(rotated._repr_html_()).tables == Reading(rotated.html()).tables

    def test_its_style_concerns_nothing_else(self, rotated):
        (style,) = re.findall(r"<style>(.*?)</style>", rotated._repr_html_(), re.DOTALL)
        selectors = re.findall(r"([^{}]+)\{", style.replace("@media (prefers-color-scheme: dark) {", ""))
        assert selectors
        for selector in selectors:
            assert all(one.strip().startswith(".fake-secrets-picture") for one in selector.split(","))

    def test_it_is_no_page(self, rotated):
        tags = {tag for tag, _ in Reading(rotated._repr_html_()).elements}
        assert not tags & {"html", "head", "body", "main", "h1"}


MARKED = "marked-hunter2-value"


def test_no_picture_shows_a_value(fake_secrets, secretsmanager):
    fake_secrets.add("db", {"password": MARKED})
    fake_secrets.add("raw", MARKED.encode())

    def function(event, context):
        if event["Step"] == "createSecret":
            secretsmanager.put_secret_value(
                SecretId="db",
                ClientRequestToken=event["ClientRequestToken"],
                SecretString=MARKED,
                VersionStages=["AWSPENDING"],
            )
        if event["Step"] == "testSecret":
            raise ValueError(MARKED)

    fake_secrets.rotate("db", function, errors="record")
    secretsmanager.update_secret(SecretId="raw", SecretBinary=MARKED.encode())
    secretsmanager.create_secret(Name="new", SecretString=MARKED)
    for secret in fake_secrets:
        timeline = fake_secrets.timeline(secret)
        for shown in (str(timeline), repr(timeline), timeline.html(), timeline._repr_html_()):
            assert MARKED not in shown
            assert "bWFya2VkLWh1bnRlcjItdmFsdW" not in shown


def test_a_call_with_any_secret_id_breaks_no_row(fake_secrets, secretsmanager):
    with pytest.raises(ClientError):
        secretsmanager.get_secret_value(SecretId="a\nb\x1b[31m")
    lines = str(fake_secrets.calls).splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("GetSecretValue  a\\nb\\x1b[31m")
