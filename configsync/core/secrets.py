"""Secrets in text: what looks like a credential, and the same text without it.

Two questions with two answers. `credentials` is precise, as an author is
stopped by what it finds: documentation's samples and placeholders are none.
`masked` is generous, as it keeps output clean: it also takes what is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

CREDENTIAL = "CS251"
"""The code of the rule that finds credentials: nothing that a finding of it is about is kept."""

SENSITIVE_VALUE = "CS224"
"""The code of the rule that finds sensitive values: no line is shown that a finding of it is on."""

MASK = "…"
"""What stands where a secret stood."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A part of a text, from ``start`` to ``end``, that looks like a credential of a sort."""

    what: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Sort:
    """A sort of credential.

    The group ``secret`` of the pattern, or else the whole, is what is secret.
    ``hint`` finds something in whatever the pattern finds something in, and more, also
    where spaces and line breaks are others, in regular expressions that never look
    around: those of engines that search quickly.
    """

    what: str
    hint: str
    pattern: str


# What stands before a token may be the end of an escaped character: \n, %3D.
_START, _END = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))", r"(?![A-Za-z0-9_-])"


def _token(what: str, pattern: str) -> _Sort:
    """A token that stands by itself, without letters, digits, _ or - on either side."""
    return _Sort(what, pattern, f"{_START}(?:{pattern}){_END}")


_VALUE = r"""(?P<secret>"[^"\n]{6,}"|'[^'\n]{6,}'|[^\s;"'&]{6,})"""
_WHERE = "(?:server|host|data source|dbname|user id|uid|user)"

_SORTS = (
    _token(
        "a Databricks token",
        r"(?:dapi|dkea|dose|dsapi)[0-9a-f]{32}(?:-\d)?|DAPI[0-9A-F]{32}",
    ),
    _token("an AWS access key id", r"(?:AKIA|ASIA)[A-Z2-7]{16}"),
    _Sort(
        "an AWS secret access key",
        "(?i:secret_?(?:access_?)?key)",
        r"(?i:aws_?secret_?key|secret_?access_?key)[\"']?\s*[:=]\s*[\"']?"
        r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    _token("a Google API key", r"AIza[0-9A-Za-z_-]{35}"),
    _token("a Google client secret", r"GOCSPX-[0-9A-Za-z_-]{28}"),
    _Sort(
        "an Azure key",
        "(?:Account|SharedAccess)Key=",
        r"(?:Account|SharedAccess)Key=(?P<secret>[A-Za-z0-9+/]{42,86}={1,2})",
    ),
    _token("an Azure client secret", r"[0-9A-Za-z_~.]{3}\dQ~[0-9A-Za-z_~.-]{31,34}"),
    _token(
        "a GitHub token",
        r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255}",
    ),
    _token("a GitLab token", r"glpat-[0-9A-Za-z_-]{20,}"),
    _token("a Slack token", r"xox[abeoprs]-[0-9A-Za-z-]{20,}"),
    _token(
        "an API key",
        r"sk-(?:[a-z]+-)*[A-Za-z0-9_-]{32,}|[sr]k_live_[0-9A-Za-z]{24,}|hf_[A-Za-z0-9]{34}",
    ),
    _token("an npm token", r"npm_[A-Za-z0-9]{36}"),
    _token("a PyPI token", r"pypi-AgE[0-9A-Za-z_-]{50,}"),
    _token("a SendGrid key", r"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}"),
    _token("a Vault token", r"hv[bs]\.[0-9A-Za-z_-]{24,}"),
    _Sort(
        "a private key",
        r"PRIVATE\s+KEY",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<secret>(?:\s|\\[rn]|[A-Za-z-]{1,40}:[^\n]{0,200}\n)*+[A-Za-z0-9+/=]{40,}+"
        r"(?:[A-Za-z0-9+/=\s]|\\[rn])*+)",
    ),
    _token(
        "a JSON Web Token",
        r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    ),
    _Sort(
        "a URL with a password",
        r"://[^\s/]*:[^\s/]+@",
        r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>{}]{0,100}:"
        r"(?P<secret>[^\s/\"']{3,2000}?)@(?=[\w.\[%-])",
    ),
    _Sort(
        "a URL with a password",
        "(?i:password)=",
        r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'?]{0,300}\?(?:[^\s\"'#?]{0,300}&)?"
        r"(?i:password)=(?P<secret>[^\s&\"'#]{3,})",
    ),
    _Sort(
        "a connection string with a password",
        r"(?i:password|pwd)\s*=",
        rf"(?i:\b(?P<before>{_WHERE}\s?=\s?[^\n=]{{1,100}}?[;\s]\s?)?"
        rf"\b(?:password|pwd)\s?=\s?){_VALUE}(?(before)|(?i:(?=[; ] ?{_WHERE} ?=)))",
    ),
)

HINT = "|".join(sort.hint for sort in _SORTS)
"""A regular expression that finds something in whatever `credentials` finds something in.

So it does in a YAML text that such a text is written in without escapes. It
looks around nowhere, so that any engine takes it.
"""

_PLACEHOLDER = (
    # A name of what is meant: <token>, {token}, $TOKEN, %s, [token].
    r"[<{\[(].*|.*[>}\])]|[\"']?\$.*|%.*|"
    # The word itself, or one that stands for any.
    r"(?i:.*(?:example|placeholder|changeme|change[-_]me|your[-_]|redacted).*)|"
    # Digits among its letters are of no word.
    r"(?i:(?=.*(?:secret|passw|token))\D++\d{0,3})|"
    r"(?i:pass|pw|pwd|xyz|abc|test|foo|bar|\w?postgres|root|admin|user|guest|tiger)|"
    # One character over and over, or a mark for what was left out.
    r"(.)\1*|.*(?:\.\.\.|…|\*\*\*|xxxx|XXXX|0000|1234567|abcdef).*"
)
"""What stands for a secret in documentation, prompts and templates."""

FEWEST_CHARACTERS = 8
"""Different ones that a random token has: of 32 hexadecimal digits, fewer are one in a million."""


def credentials(text: str) -> Iterator[Credential]:
    """What looks like a credential in a text, from sort to sort; in a time of its length.

    A placeholder (``<token>``, ``${TOKEN}``, ``xxxx``), a sample of a vendor's
    documentation (``AKIAIOSFODNN7EXAMPLE``) and what repeats itself are none.
    """
    for sort in _SORTS:
        for match in re.finditer(sort.pattern, text):
            if not _stands_for_one(sort, match):
                yield Credential(sort.what, match.start(), match.end())


def _stands_for_one(sort: _Sort, match: re.Match[str]) -> bool:
    """Tell whether a match is a placeholder for a credential."""
    secret = match.groupdict().get("secret")
    if secret is None:
        # What is random has no word in it, but for the one that it begins with.
        token = re.sub(r"^[A-Za-z]+[-_]?", "", match[0]) if match[0][:4].islower() else match[0][4:]
        sample = "EXAMPLE" in match[0] or "xxxx" in match[0].lower()
        return sample or len(set(token)) < FEWEST_CHARACTERS or _counts(match[0])
    if sort.what == "a private key":
        return len(set(secret)) < 2 * FEWEST_CHARACTERS
    return re.fullmatch(_PLACEHOLDER, secret, re.DOTALL) is not None


def _counts(token: str) -> bool:
    """Tell whether a token is no random one: the digits or letters in their order."""
    return re.search("0123456789|1234567890|abcdefghij", token) is not None


_MASKED = (
    r"(?P<keep>(?:dapi|dkea|dose|dsapi))[0-9a-f]{8}[\w-]*",
    r"(?P<keep>DAPI)[0-9A-F]{8}[\w-]*",
    r"(?P<keep>\b(?:AKIA|ASIA))[A-Z2-7]{6,}",
    r"(?P<keep>(?i:aws_?secret_?key|secret_?access_?key)[\"']?\s*[:=]\s*[\"']?)[A-Za-z0-9/+]{8,}",
    r"(?P<keep>\bAIza)[\w-]{8,}",
    r"(?P<keep>\bGOCSPX-)[\w-]{6,}",
    r"(?P<keep>(?:Account|SharedAccess)Key=)[A-Za-z0-9+/=]{8,}",
    r"(?P<keep>\b[\w~.]{3}\dQ~)[\w~.-]{6,}",
    r"(?P<keep>\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hf_|[sr]k_live_))[\w-]{8,}",
    r"(?P<keep>\bsk-(?:[a-z]+-)*)[\w-]{16,}",
    r"(?P<keep>\bnpm_)[A-Za-z0-9]{12,}",
    r"(?P<keep>\b(?:pypi-AgE|SG\.|hv[bs]\.))[\w.-]{16,}",
    r"(?P<keep>-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?(?:-----)?)"
    r"(?:(?!-----END)[\s\S])*",
    r"(?P<keep>\beyJ)[\w-]{10,}[\w.-]*",
    # A path made of a URL has lost one of its slashes.
    r"(?P<keep>:/{1,3}[^\s/@:?\"'<>]{0,100}:)(?!\d{1,5}(?:[/?#\s\"'),.;]|$))\S{0,400}(?:@|(?=…))",
    r"(?P<keep>[?&](?i:password)=)[^\s&\"'#]+",
    r"(?P<keep>(?i:\b(?:password|pwd)\s?=\s?))[^\s;\"'&]+",
)


@cache
def _mask() -> list[re.Pattern[str]]:
    """Compiled on first use: not every start of configsync needs it."""
    return [re.compile(pattern) for pattern in _MASKED]


_HINT = re.compile(
    "dapi|DAPI|dkea|dose|dsapi|AKIA|ASIA|aws|AWS|ecret|ECRET|AIza|GOCSPX|ccountKey|ccessKey|Q~|"
    "gh[pousr]_|github_pat|glpat|xox|hf_|k_live_|sk-|npm_|pypi-AgE|SG\\.|hv[bs]\\.|PRIVATE KEY|"
    "eyJ|:/|ssword|SSWORD|[pP][wW][dD]"
)


def masked(text: str) -> str:
    """A text with what may be a credential, or the beginning of one, taken out.

    Lines stay as many as they are.
    """
    if _HINT.search(text) is None:
        return text
    for pattern in _mask():
        text = pattern.sub(_without, text)
    return text


def _without(match: re.Match[str]) -> str:
    gone = match[0][len(match["keep"]) :]
    end = "@" if gone.endswith("@") else ""
    if "\n" not in gone:
        return f"{match['keep']}{MASK}{end}"
    # Each line of a private key goes, and none moves.
    return match["keep"] + "\n".join(MASK if line.strip() else "" for line in gone.split("\n"))
