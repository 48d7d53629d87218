"""What a server and local endpoints have in common: how they are entered and left, and which errors they keep."""

import dataclasses
import os
import socket
import urllib.error
import urllib.parse
import urllib.request

import pytest

from fake_secrets import FakeSecretsError, FakeSecretsWarning, NoActiveWorldError, PortTakenError, mock_stages
from fake_secrets.activation import running

NAMES = {"server": "server", "local_endpoints": "local endpoints"}

pytestmark = [pytest.mark.fake_secrets({"db": "s3cret"}), pytest.mark.parametrize("method", NAMES)]


@dataclasses.dataclass(frozen=True)
class FrozenError(Exception):
    """An exception that takes no notes."""

    text: str


@pytest.fixture
def served(fake_secrets, method):
    return getattr(fake_secrets, method)()


def is_answered(url):
    try:
        with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(url).port), timeout=5):
            return True
    except ConnectionRefusedError:
        return False


def read(url, method):
    """Read the secret as a process does that knows the URL, and return the status."""
    if method == "server":
        headers = {
            "X-Amz-Target": "secretsmanager.GetSecretValue",
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/secretsmanager/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=0",
        }
        request = urllib.request.Request(url, b'{"SecretId": "db"}', headers)
    else:
        headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}
        query = "secretId=db&refreshNow=true"
        request = urllib.request.Request(f"{url}/secretsmanager/get?{query}", headers=headers)
    try:
        with urllib.request.build_opener().open(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


class TestEntering:
    def test_it_can_be_entered_again_after_it_was_left(self, served, method):
        before = dict(os.environ), socket.socket.connect
        for _ in range(3):
            with served as url:
                assert running.everything() == [served]
                assert read(url, method) == 200
            assert not is_answered(url)
            assert (dict(os.environ), socket.socket.connect) == before
        assert running.everything() == []

    def test_it_can_not_be_entered_while_it_runs(self, served, method):
        with served as url:
            said = rf"runs? already, at {url}: call fake_secrets\.{method}\(\) again for"
            with pytest.raises(RuntimeError, match=said), served:
                pass
            assert read(url, method) == 200

    def test_it_can_not_be_entered_after_its_world_is_over(self, method):
        with mock_stages({"db": "x"}) as fake:
            pass
        served = getattr(fake, method)()
        for _ in range(2):
            with (
                pytest.raises(NoActiveWorldError, match=f"{method}.. was entered after its world was over"),
                served,
            ):
                pass
        assert running.everything() == []

    def test_it_can_not_be_entered_again_after_its_world_is_over(self, method):
        with mock_stages({"db": "x"}) as fake:
            served = getattr(fake, method)()
            with served:
                pass
        with pytest.raises(NoActiveWorldError), served:
            pass

    def test_a_port_that_is_taken_leaves_nothing_behind(self, fake_secrets, method):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            served = getattr(fake_secrets, method)(port=other.getsockname()[1])
            before = dict(os.environ)
            for _ in range(2):
                with pytest.raises(PortTakenError), served:
                    pass
        assert dict(os.environ) == before
        assert running.everything() == []
        with served as url:
            assert read(url, method) == 200

    def test_one_that_is_never_entered_gives_a_warning(self, fake_secrets, method):
        with pytest.warns(FakeSecretsWarning, match=rf"{method}(\(\))? was never entered"):
            getattr(fake_secrets, method)()


class TestErrors:
    @pytest.fixture(autouse=True)
    def complaints(self, fake_secrets):
        def complain(call):
            complaints.append(FakeSecretsError(f"complaint {len(complaints)}"))
            raise complaints[-1]

        complaints = []
        fake_secrets.faults.time_out("GetSecretValue", when=complain, optional=True)
        return complaints

    def test_the_first_of_ten_is_raised_with_notes_of_the_others(self, served, method, complaints):
        with pytest.raises(FakeSecretsError) as raised, served as url:
            for _ in range(30):
                read(url, method)
        assert len(complaints) == 30
        assert raised.value is complaints[0]
        assert [note for note in raised.value.__notes__ if note.startswith("After that")] == [
            f"After that, in the {NAMES[method]} of fake_secrets: FakeSecretsError: complaint {number}"
            for number in range(1, 10)
        ]

    def test_the_error_of_the_block_comes_first(self, served, method):
        with pytest.raises(LookupError, match="own") as raised, served as url:
            read(url, method)
            msg = "own"
            raise LookupError(msg)
        said = f"Before that, in the {NAMES[method]} of fake_secrets: FakeSecretsError: complaint 0"
        assert raised.value.__notes__ == [said]

    def test_an_error_of_the_block_that_takes_no_notes_is_raised_as_it_is(self, served, method):
        with pytest.raises(FrozenError), served as url:
            read(url, method)
            raise FrozenError(text="x")

    def test_they_are_forgotten_when_it_is_entered_again(self, served, method):
        with pytest.raises(FakeSecretsError), served as url:
            read(url, method)
        with served:
            pass
