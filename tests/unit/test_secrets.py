"""What looks like a credential, what only stands for one, and text without either.

Tokens are made here: a whole one in a file would be reported by whoever scans the repository.
"""

from __future__ import annotations

import string
import time
from random import Random

import pytest
import yaml

from configsync.checks.rules import credential
from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.secrets import credentials, masked
from configsync.source.reader import read

HEX = "0123456789abcdef"
WORD = string.ascii_letters + string.digits


def made(alphabet: str, length: int, seed: int = 7) -> str:
    random = Random(seed)
    return "".join(random.choice(alphabet) for _ in range(length))


KEY = "\n".join(made(WORD + "+/", 64, n) for n in range(4))
PEM = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"
FORMS = {
    "Databricks": ("dapi{}", made(HEX, 32)),
    "Databricks OAuth": ("dose{}", made(HEX, 32)),
    "AWS id": ("AKIA{}", made(string.ascii_uppercase + "234567", 16)),
    "AWS secret": ("aws_secret_access_key = {}", made(WORD + "/+", 40)),
    "Google": ("AIza{}", made(WORD + "-_", 34) + "a"),
    "Azure storage": ("AccountName=a;AccountKey={}", made(WORD + "+/", 86) + "=="),
    "Azure client": ("a1B8Q~{}", made(WORD, 34)),
    "GitHub": ("ghp_{}", made(WORD, 36)),
    "GitLab": ("glpat-{}", made(WORD, 20)),
    "Slack": ("xoxb-{}", made(string.digits, 12) + "-" + made(WORD, 24)),
    "API": ("sk-proj-{}", made(WORD, 48)),
    "npm": ("npm_{}", made(WORD, 36)),
    "PyPI": ("pypi-AgE{}", made(WORD + "-_", 120)),
    "SendGrid": ("SG.{}", f"{made(WORD, 22)}.{made(WORD, 43)}"),
    "Vault": ("hvs.{}", made(WORD, 24)),
    "private key": (PEM, KEY),
    "private key in JSON": (PEM.replace("\n", "\\n"), KEY.replace("\n", "\\n")),
    "encrypted key": (PEM.replace("{}", "Proc-Type: 4,ENCRYPTED\n\n{}"), KEY),
    "JWT": ("eyJ{}", f"{made(WORD, 20)}.eyJ{made(WORD, 40)}.{made(WORD, 43)}"),
    "URL": ("postgresql://app:{}@db.internal:5432/app", made(WORD, 12)),
    "parameter": ("postgresql://db/app?sslmode=require&password={}", made(WORD, 12)),
    "ODBC": ("Server=tcp:db,1433;User ID=app;Password={};Encrypt=yes", made(WORD, 12)),
    "libpq": ("host=db user=app password={}", made(WORD, 12)),
    "password first": ("Password={};Server=db", made(WORD, 12)),
    "capitals": ("DAPI{}", made(HEX, 32).upper()),
    "behind an escape": ("\\ndapi{}", made(HEX, 32)),
    "AWS variable": ("AWS_SECRET_ACCESS_KEY={}", made(WORD + "/+", 40)),
    "AWS in JSON": ('{"SecretAccessKey": "{}"}', made(WORD + "/+", 40)),
    "a word in a password": ("postgresql://app:Sup3rsecret{}@db.internal/app", made(WORD, 8)),
    "@ in a password": ("postgresql://app:p@{}@db.internal/app", made(WORD, 12)),
}
REAL = {name: form.replace("{}", secret) for name, (form, secret) in FORMS.items()}


@pytest.mark.parametrize("text", REAL.values(), ids=REAL)
@pytest.mark.parametrize("around", ["{}", "Use {} for this.", 'x: "{}"', "(\n{}\n)"])
def test_a_credential_is_found_wherever_it_stands(text: str, around: str) -> None:
    whole = around.replace("{}", text)
    found = list(credentials(whole))
    assert len(found) == 1
    assert whole[found[0].start : found[0].end].strip(")\n") in text


@pytest.mark.parametrize("style", [None, "'", '"', "|", ">"])
def test_a_credential_passes_no_screen_however_it_is_written(style: str | None) -> None:
    """Folded, and with escapes: YAML may write a space as a line break, and more."""
    found = 0
    for text in REAL.values():
        for around in ("{}", "é {}", "{}\n", "Use {} for this.", "a\n  b {}\n\n", "s: {}"):
            whole = around.replace("{}", text.replace("=", " = "))
            for width in (5, 30, 1000):
                written = yaml.safe_dump({"a": whole}, default_style=style, width=width)
                holds = any(credentials(read(written, "a.yaml").roots[0]["a"]))
                assert credential.screen(written) or not holds
                found += holds
    assert found > 15 * len(REAL)


@pytest.mark.parametrize("name", FORMS)
def test_nothing_of_a_credential_is_left_even_where_it_is_cut_off(name: str) -> None:
    form, secret = FORMS[name]
    half = form[: form.index("{}")] + secret[: len(secret) // 2 + 4] + "…"
    for shown in (REAL[name], half):
        clean = masked(f'the value "{shown}" is unknown')
        left = [secret[i : i + 6] for i in range(len(secret) - 5)]
        assert not [part for part in left if part.strip() in clean]
        assert clean.count("\n") == shown.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "dapi" + "x" * 32,
        "dapi" + "0" * 32,
        "dapi" + "0123456789abcdef" * 2,
        "Set DATABRICKS_TOKEN to dapi<token>.",
        "rapidapi" + made(HEX, 32),
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----",
        "A key begins with -----BEGIN PRIVATE KEY----- and has several lines.",
        "postgresql://USER:PASSWORD@HOST/DATABASE",
        "postgresql://app:${PASSWORD}@db/app",
        "postgresql://{user}:{password}@{host}/app",
        "postgresql://app:<password>@db/app",
        "postgresql://app@db:5432/app",
        "http://localhost:8000/a@b",
        "git@github.com:team/repository.git, mailto:someone@example.com",
        "Server=db;User ID=app;Password=…",
        "Answer in the form password=VALUE.",
        "password = typed_in\nuser = name",
        "postgresql://postgres:postgres@db:5432/app?options=a@b",
        "postgresql://app:my-Secret-password123@db/app",
        "01effebcc2781b6bbb749077a55d31e3",
        "sha256:" + made(HEX, 64),
        "eyJhbGciOiJIUzI1NiJ9",
        "sk-" + "x" * 40,
    ],
)
def test_what_stands_for_a_credential_is_none(text: str) -> None:
    assert list(credentials(text)) == []


def test_ordinary_text_is_left_as_it_is() -> None:
    text = (
        "Open http://localhost:8000, then 10:30 at https://h:1/x; {a}: b@c, key=value. "
        "Slides for SG.2024_quarter, with npm_config_cache."
    )
    assert masked(text) is text or masked(text) == text


@pytest.mark.parametrize("name", FORMS)
def test_a_diagnostic_quotes_none(name: str) -> None:
    text, secret = REAL[name], FORMS[name][1]
    found = Diagnostic("CS000", Severity.ERROR, f'got text: "{text}"', text, None, text, text)
    assert secret[-8:] not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "a://a:" * 30_000,
        "-----BEGIN PRIVATE KEY-----\n" + "a-: b\n" * 40_000,
        "user = " * 30_000 + "pwd",
        "sk-" + "a-" * 120_000,
        '"pwd=' * 50_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    start = time.process_time()
    list(credentials(text))
    masked(text)
    assert time.process_time() - start < 10  # Seconds; a quadratic pattern takes minutes.
