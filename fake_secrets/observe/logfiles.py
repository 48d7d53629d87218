"""Log files in CloudTrail's layout: gzipped JSON, in a folder for each account, region and day."""

from __future__ import annotations

import base64
import datetime
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["write_logs"]

# CloudTrail delivers about every five minutes.
_MINUTES = 5


def write_logs(records: Sequence[Mapping[str, Any]], bucket: Path) -> list[Path]:
    """Write records to log files.

    Args:
        records: CloudTrail's records, in order.
        bucket: the folder that stands for the bucket.

    Returns:
        The files, in the order of their paths.

    Raises:
        NotADirectoryError: if `bucket` is a file.
    """
    if bucket.exists() and not bucket.is_dir():
        msg = f"{str(bucket)!r} is a file, so no log files can be written there. Give a folder, such as tmp_path."
        raise NotADirectoryError(msg)
    by_file: dict[Path, list[Mapping[str, Any]]] = {}
    for record in records:
        by_file.setdefault(bucket / _name_of(record), []).append(record)
    for file, together in by_file.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps({"Records": together}, separators=(",", ":"))
        # The same records make the same bytes, whenever they are written.
        file.write_bytes(gzip.compress(content.encode(), mtime=0))
    return sorted(by_file)


def _name_of(record: Mapping[str, Any]) -> Path:
    """Return the path of the file that a record belongs to, in its bucket.

    Source: the user guide of CloudTrail, "CloudTrail log file examples" [B]. The end of the name is sixteen
        characters that make it unique; here they depend on the rest of it.
    """
    account_id, region = record["recipientAccountId"], record["awsRegion"]
    delivered = _delivered(datetime.datetime.fromisoformat(record["eventTime"]))
    name = f"{account_id}_CloudTrail_{region}_{delivered:%Y%m%dT%H%MZ}"
    unique = base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:16]
    return Path("AWSLogs", account_id, "CloudTrail", region, f"{delivered:%Y/%m/%d}", f"{name}_{unique}.json.gz")


def _delivered(time: datetime.datetime) -> datetime.datetime:
    """Return the end of the five minutes in which something happened."""
    begin = time.replace(minute=time.minute - time.minute % _MINUTES, second=0, microsecond=0)
    return begin + datetime.timedelta(minutes=_MINUTES)
