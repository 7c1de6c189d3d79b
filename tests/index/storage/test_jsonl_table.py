"""index.storage.jsonl_table: records by number from a file of lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import CorruptReleaseError
from index.storage.jsonl_table import Table, TableWriter

values = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.one_of(st.integers(), st.text(st.characters(codec="utf-8")), st.lists(st.integers())),
    max_size=4,
)


@given(records=st.lists(values, max_size=8))
def test_records_come_back_by_number(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, object]]
) -> None:
    """What was appended is read again, whatever line separators its texts hold."""
    folder = tmp_path_factory.mktemp("table")
    with TableWriter(folder, "things") as writer:
        assert [writer.append(record) for record in records] == list(range(len(records)))
    table = Table(folder, "things")
    assert [table[number] for number in range(len(table))] == records
    with pytest.raises(IndexError):
        table[len(records)]


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    """Lines and offsets that do not fit each other are told by the file's name."""
    with TableWriter(tmp_path, "things") as writer:
        writer.append({"a": 1})
    (tmp_path / "things.jsonl").write_bytes(b'{"a"')
    with pytest.raises(CorruptReleaseError, match=r"things\.jsonl"):
        Table(tmp_path, "things")
    np.save(tmp_path / "things.npy", np.empty(0, np.int64))
    with pytest.raises(CorruptReleaseError, match=r"things\.jsonl"):
        Table(tmp_path, "things")
