"""How ferry reads ~/.aws/config and ~/.aws/credentials, oddity by oddity beside botocore, and which profile it takes."""

import pytest
from fake_identity import SECRET
from identity_fixtures import KEYS, ROLE, home, identity, place  # noqa: F401: these are fixtures


def keys(name):
    return KEYS.format(name)


def config(text):
    return {".aws/config": text}


def credentials(text):
    return {".aws/credentials": text}


A, B = keys("AKA"), keys("AKB")
BOTH = credentials(f"[a]\n{A}[b]\n{B}")

# name: (files, variables, --profile, the key that both must find or None)
CASES = {
    "AWS_PROFILE": (BOTH, {"AWS_PROFILE": "a"}, None, "AKA"),
    "AWS_DEFAULT_PROFILE": (BOTH, {"AWS_DEFAULT_PROFILE": "a"}, None, "AKA"),
    "AWS_DEFAULT_PROFILE over AWS_PROFILE": (BOTH, {"AWS_DEFAULT_PROFILE": "a", "AWS_PROFILE": "b"}, None, "AKA"),
    "by name over both": (BOTH, {"AWS_DEFAULT_PROFILE": "a", "AWS_PROFILE": "a"}, "b", "AKB"),
    "default by name": (credentials("[default]\n" + A), {"AWS_PROFILE": "b"}, "default", "AKA"),
    "unknown by variable": (BOTH, {"AWS_PROFILE": "c"}, None, None),
    "no file at all": ({}, {"AWS_EC2_METADATA_DISABLED": "true"}, None, None),
    "named credentials file that is missing": (
        {**config("[default]\n" + A), **credentials("[default]\n" + B)},
        {"AWS_SHARED_CREDENTIALS_FILE": "HOME/missing"},
        None,
        "AKA",
    ),
    "named config file that is missing": ({**config("[default]\n" + A)}, {"AWS_CONFIG_FILE": "HOME/missing"}, None, "AKINSTANCE"),
    "named config file in the home": ({"c": "[default]\n" + A}, {"AWS_CONFIG_FILE": "~/c"}, None, "AKA"),
    "named config file with a variable": ({"c": "[default]\n" + A}, {"AWS_CONFIG_FILE": "$PLACE/c", "PLACE": "HOME"}, None, "AKA"),
    "named credentials file with a variable": (
        {"c": "[default]\n" + A},
        {"AWS_SHARED_CREDENTIALS_FILE": "${PLACE}/c", "PLACE": "HOME"},
        None,
        "AKA",
    ),
    "named file with a variable that is not set": ({"c": "[default]\n" + A}, {"AWS_CONFIG_FILE": "$PLACE/c"}, None, "AKINSTANCE"),
    "half a pair in each file": (
        {**credentials("[default]\naws_access_key_id = AKA\n"), **config(f"[default]\naws_secret_access_key = {SECRET}\n")},
        {},
        None,
        None,
    ),
    "half a pair in the credentials file, a pair in the other": (
        {**credentials("[default]\naws_access_key_id = AKA\n"), **config("[default]\n" + B)},
        {},
        None,
        None,
    ),
    "a secret alone in the credentials file": (
        {**credentials(f"[default]\naws_secret_access_key = {SECRET}\n"), **config("[default]\n" + B)},
        {},
        None,
        "AKB",
    ),
    "a role in one file, its source in the other": (
        {**config(f"[profile r]\nrole_arn = {ROLE}one\nsource_profile = base\n"), **credentials("[base]\n" + A)},
        {},
        "r",
        "AKA-one",
    ),
    "a role in both files": (
        {
            **config(f"[profile r]\nrole_arn = {ROLE}one\nsource_profile = a\n"),
            **credentials(f"[r]\nrole_arn = {ROLE}two\n[a]\n{A}"),
        },
        {},
        "r",
        "AKA-two",
    ),
    "options in capitals": (credentials(f"[default]\nAWS_ACCESS_KEY_ID = AKA\nAws_Secret_Access_Key = {SECRET}\n"), {}, None, "AKA"),
    "sections in capitals": (credentials("[Default]\n" + A), {}, None, "AKINSTANCE"),
    "no blanks, many blanks": (credentials(f"[default]\naws_access_key_id=AKA\naws_secret_access_key \t=\t {SECRET} \t\n"), {}, None, "AKA"),
    "colons": (credentials(f"[default]\naws_access_key_id: AKA\naws_secret_access_key : {SECRET}\n"), {}, None, "AKA"),
    "carriage returns": (credentials(f"[default]\n{A}".replace("\n", "\r\n")), {}, None, "AKA"),
    "comments": (credentials(f"# one\n; two\n[default]\n  # three\n{A}; four\n"), {}, None, "AKA"),
    "comment behind a section": (credentials(f"[default] # mine\n{A}"), {}, None, "AKA"),
    "comment behind a bracket": (credentials(f"[default] # [mine]\n{A}"), {}, None, "AKINSTANCE"),
    "indented options": (credentials("[default]\n  " + A.replace("\n", "\n  ")), {}, None, "AKA"),
    "deeper and deeper": (credentials(f"[default]\naws_access_key_id = AKA\n  aws_secret_access_key = {SECRET}\n"), {}, None, None),
    "blanks in a section's name": (credentials("[ default ]\n" + A), {}, None, "AKINSTANCE"),
    "an empty line in between": (credentials(f"[default]\n\naws_access_key_id = AKA\n\n\naws_secret_access_key = {SECRET}\n\n"), {}, None, "AKA"),
    "no line end at the end": (credentials(f"[default]\n{A}".rstrip()), {}, None, "AKA"),
    "an option before a section": (credentials(A + "[default]\n"), {}, None, None),
    "an option twice": (credentials("[default]\naws_access_key_id = AKB\n" + A), {}, None, None),
    "a section twice": (credentials(f"[default]\n{A}[default]\n{B}"), {}, None, None),
    "a line without a delimiter": (credentials(f"[default]\nnonsense\n{A}"), {}, None, None),
    "a file that is not UTF-8": ({}, {"AWS_CONFIG_FILE": "/bin/true"}, None, None),
    "a byte order mark": (credentials("\ufeff[default]\n" + A), {}, None, None),
    "options for all": (credentials(f"[DEFAULT]\n{A}[a]\nregion = us-east-1\n"), {}, "a", "AKA"),
    "options for all, and none else": (credentials("[DEFAULT]\n" + A), {}, None, "AKINSTANCE"),
    "an empty value": (credentials(f"[default]\naws_session_token =\n{A}"), {}, None, "AKA"),
    "nested options": (config(f"[default]\ns3 =\n  max_queue_size = 10\n  use_accelerate = true\n{A}"), {}, None, "AKA"),
    "nested keys": (config("[default]\ns3 =\n  " + A.replace("\n", "\n  ")), {}, None, "AKINSTANCE"),
    "nested nonsense": (config(f"[default]\ns3 =\n  nonsense\n{A}"), {}, None, None),
    "nested nonsense of another profile": (config(f"[default]\n{A}[profile b]\ns3 =\n  nonsense\n"), {}, None, None),
    "nested nonsense beside the credentials": (credentials(f"[default]\ns3 =\n  nonsense\n{A}"), {}, None, None),
    "quotes": (config(f'[profile "two words"]\n{A}'), {}, "two words", "AKA"),
    "single quotes": (config(f"[profile 'two words']\n{A}"), {}, "two words", "AKA"),
    "quotes that need not be": (config(f'[profile "a"]\n{A}'), {}, "a", "AKA"),
    "half quoted": (config(f'[profile a"b"c]\n{A}'), {}, "abc", "AKA"),
    "a backslash": (config(f"[profile two\\ words]\n{A}"), {}, "two words", "AKA"),
    "no quotes around two words": (config(f"[profile two words]\n{A}"), {}, "two words", None),
    "an open quote": (config(f'[profile "a]\n{A}'), {}, "a", None),
    "quotes in the credentials file": (credentials(f'["a"]\n{A}'), {}, "a", None),
    "blanks before the name": (config(f"[profile \t a ]\n{A}"), {}, "a", "AKA"),
    "profile without the word": (config(f"[a]\n{A}"), {}, "a", None),
    "the word in the credentials file": (credentials(f"[profile a]\n{A}"), {}, "a", None),
    "default with the word": (config(f"[profile default]\n{A}"), {}, None, "AKA"),
    "default without the word first": (config(f"[default]\n{A}[profile default]\n{B}"), {}, None, "AKB"),
    "default with the word first": (config(f"[profile default]\n{A}[default]\n{B}"), {}, None, "AKB"),
    "a name in quotes and without": (config(f'[profile x]\n{A}[profile "x"]\n{B}'), {}, "x", "AKB"),
    "a name without quotes and with": (config(f'[profile "x"]\n{B}[profile x]\n{A}'), {}, "x", "AKA"),
    "a name with a slash": (config(f"[profile org/a@b.c]\n{A}"), {}, "org/a@b.c", "AKA"),
    "a name beyond ASCII": (config(f"[profile größe]\n{A}"), {}, "größe", "AKA"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_botocore_reads_ferry_reads(place, case):
    place.compare(*CASES[case])
