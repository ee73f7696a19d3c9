"""docs/local-security.md names a test for each of its sentences, and the tests are there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "local-security.md").read_text()


def named_tests():
    """(file, test) of every reference; `::test` alone stands for the file before it on its line."""
    for line in PAGE.splitlines():
        file = None
        for path, name in re.findall(r"`([\w./-]*)::(\w+)`", line):
            file = path or file
            yield file, name


@pytest.mark.parametrize("file, name", sorted(set(named_tests())))
def test_the_test_is_there(file, name):
    text = (TESTS / file).read_text()
    written = rf"TEST\w*\(\w+,\s*{name}\)" if file.endswith(".cpp") else rf"def {name}\("
    assert re.search(written, text)


def test_each_sentence_of_a_table_has_one():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.endswith("| test |")]
    assert rows
    assert [row for row in rows if not re.search(r"`[\w./-]+::\w+`[^|]*\|$", row)] == []
