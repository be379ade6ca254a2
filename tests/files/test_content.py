import gzip

import pytest
from export_files import write_bytes
from thermocline.files.content import GZIP, PLAIN, RecordCounter, Unreadable, examine, head_of

HARD = b'a,b\n1,"x\ny"\n\n"2","q""\n""q"\r\n3,\n4,end'


def counted(content: bytes, size: int) -> tuple[int, int]:
    counter = RecordCounter()
    for start in range(0, len(content), size):
        counter.add(content[start : start + size])
    result = counter.content("utf-8")
    return result.records, result.blank_lines


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_records_are_counted_across_quotes_and_however_the_bytes_are_cut(size):
    assert counted(HARD, size) == (5, 1)
    assert counted(b"\r\n\r\na\r\n", size) == (1, 2)
    assert counted(b"", size) == (0, 0)
    assert counted(b"\n", size) == (0, 1)


@pytest.mark.parametrize(
    ("content", "is_regular"),
    [
        (b"a\n1\n", True),
        (b"a\r\n1\r\n", True),
        (b"a\n1", True),
        (b"a\r\n1\n", False),
        (b"a\r1\r", False),
        (b'a\n"1\n', False),
        (b'a\n"\r"\n', True),
    ],
)
def test_mixed_line_breaks_and_open_quotes_are_irregular(tmp_path, content, is_regular):
    assert examine(write_bytes(tmp_path, "f.csv", content), PLAIN).is_regular is is_regular


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("a,é\n".encode(), "utf-8"),
        ("a,é\n".encode("utf-8-sig"), "utf-8"),
        ("a,é\n".encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + "a,é\n".encode("utf-16-be"), "utf-16"),
        ("a,é\n".encode("utf-32"), "utf-32"),
        ("a,é\n".encode("latin-1"), "latin-1"),
        ("a,“€”\n".encode("windows-1252"), "windows-1252"),
        (b"a,\x81\xe9\n", "latin-1"),
        (b"x" * (1 << 20) + b"\xc3\xa9\n", "utf-8"),
        (b"x" * ((1 << 20) - 1) + b"\xc3\xa9\n", "utf-8"),
        (b"x" * (1 << 20) + b"\xe9\n", "latin-1"),
    ],
)
def test_the_encoding_is_that_of_the_whole_file(tmp_path, content, encoding):
    found = examine(write_bytes(tmp_path, "f.csv", content), PLAIN)
    assert (found.encoding, found.records) == (encoding, 1)


def test_a_packed_file_has_the_content_of_the_unpacked_one(tmp_path):
    plain = examine(write_bytes(tmp_path, "f.csv", HARD), PLAIN)
    packed = write_bytes(tmp_path, "f.csv.gz", gzip.compress(HARD))
    assert examine(packed, GZIP) == plain
    assert head_of(packed, 100) == (GZIP, HARD, True)
    assert head_of(packed, 3) == (GZIP, HARD[:3], False)


def test_a_broken_packing_is_named(tmp_path):
    broken = write_bytes(tmp_path, "f.csv.gz", gzip.compress(b"a,b\n" * 9999)[:-20])
    with pytest.raises(Unreadable, match="isn't a whole gzip file"):
        examine(broken, GZIP)
