"""The report of a conformance run names no account."""

import json

from report import Report, redacted


def test_what_tells_an_account_is_replaced():
    text = (
        "arn:aws:ecs:eu-west-1:210987654321:task/prod/0123456789abcdef0123456789abcdef in 210987654321 "
        "AKIAIOSFODNN7EXAMPLE wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/ecs-execute-command-0a1b2c "
        "ip-10-0-0-1.eu-west-1.compute.internal 10.0.0.1 subnet-0a1b2c3d4e5f wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY123 shop"
    )
    clean = redacted(text, ["shop"])
    for secret in ("210987654321", "prod", "AKIA", "ssmmessages", "0a1b2c", "internal", "10.0.0.1", "wJalr", "shop", "0123456789abcdef"):
        assert secret not in clean


def test_a_report_says_what_was_checked(tmp_path):
    report = Report()
    report.secret_words = ["my-cluster"]
    report.facts["endpoint"] = "https://ecs.eu-west-1.amazonaws.com"
    report.add("test_one", "the first", "passed", 1.234, "")
    report.add("test_two", "the second", "failed", 2.0, "assert 3 == 4\nin my-cluster")
    report.write(tmp_path)
    document = json.loads((tmp_path / "report.json").read_text())
    assert document["counts"] == {"passed": 1, "failed": 1, "skipped": 0}
    markdown = (tmp_path / "report.md").read_text()
    assert "| the first | passed | 1.23 |" in markdown and "my-cluster" not in markdown and "amazonaws" not in markdown
