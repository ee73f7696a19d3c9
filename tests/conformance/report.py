"""The report of a conformance run: what was checked and what came of it, without whose account it was."""

import json
import pathlib
import re

PATTERNS = (
    (r"arn:[a-z-]+:[^\s\"',]+", "ARN"),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b", "KEY"),
    (r"\becs-execute-command-\w+", "SESSION"),
    (r"\b(?:wss?|https?)://[^\s\"',]+", "URL"),
    (r"\b[\w-]+(?:\.[\w-]+)*\.(?:amazonaws\.com(?:\.cn)?|internal|local)\b", "HOST"),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b", "ADDRESS"),
    (r"\b(?:subnet|sg|vpc|eni|i)-[0-9a-f]{8,}\b", "RESOURCE"),
    (r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "ID"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\b\d{12}\b", "ACCOUNT"),
    (r"[A-Za-z0-9+/_=-]{40,}", "TOKEN"),
)


def redacted(text, secret_words=()):
    """The text with names, numbers and secrets of an account replaced by what they are."""
    for word in sorted({word for word in secret_words if len(word) > 3}, key=len, reverse=True):
        text = text.replace(word, "(redacted)")
    for pattern, kind in PATTERNS:
        text = re.sub(pattern, f"({kind})", text)
    return text


class Report:
    def __init__(self):
        self.checks, self.facts, self.secret_words = [], {}, []

    def add(self, name, title, outcome, seconds, detail):
        self.checks.append({"check": name, "title": title, "outcome": outcome, "seconds": round(seconds, 2), "detail": detail})

    def document(self):
        counts = {outcome: sum(check["outcome"] == outcome for check in self.checks) for outcome in ("passed", "failed", "skipped")}
        text = json.dumps({"counts": counts, "facts": self.facts, "checks": self.checks}, ensure_ascii=False)
        return json.loads(redacted(text, self.secret_words))

    def write(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        document = self.document()
        (folder / "report.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        (folder / "report.md").write_text(as_markdown(document))


def as_markdown(document):
    counts = document["counts"]
    lines = ["# ferry conformance", "", ", ".join(f"{count} {outcome}" for outcome, count in counts.items()), ""]
    lines += [f"- {name}: {value}" for name, value in document["facts"].items()]
    lines += ["", "| check | outcome | seconds | |", "|---|---|---|---|"]
    for check in document["checks"]:
        detail = check["detail"].strip().splitlines()[-1] if check["detail"].strip() else ""
        lines.append(f"| {check['title']} | {check['outcome']} | {check['seconds']} | {detail.replace('|', '/')} |")
    return "\n".join(lines) + "\n"
