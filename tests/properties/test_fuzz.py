"""Any input gives success or a located diagnostic: no traceback, no hang, no blow-up (rule 6.19).

2,500 inputs for each of ``--times``: 10,000 in CI, a million with ``--times 400``. They run in a
process of their own, which may use 256 MiB more than it began with, and none takes more than two
seconds.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import FrameType

from configsync.checks.rules import all_rules
from configsync.checks.schema import load_schemas
from configsync.compiler.file import FileCompiler, Settings
from configsync.core.diagnostic import Diagnostic
from configsync.kinds import all_kinds
from configsync.source.files import read_text
from tests.times import examples

INPUTS = examples(2500)
SECONDS = 2.0
MEMORY = 256 * 1024 * 1024

REPOSITORY = Path(__file__).parents[2]
CASES = REPOSITORY / "tests/cases"

SEEDS = (
    *(f.read_bytes() for f in sorted((REPOSITORY / "profiles").glob("*.yaml"))),
    *(f.read_bytes() for f in sorted(CASES.glob("settings-and-projects/**/[ma]*.yaml"))),
    (CASES / "schema-of-a-category/profiles/ollama.yaml").read_bytes(),
    b"a: &x [1, 2]\nb: *x\n<<: {c: d}\n",
    b"- 2024-99-99\n- 0x_\n- 1_0\n- 0o8\n- .inf\n- !!binary abc\n- ? [a]\n  : b\n",
    b'"\\ud800\\x00\\U0001F600": |+2\n   a\n\n  b\n...\n---\n%TAG ! x\n',
    "é: ≤ \u2028 \u0085 \ufeff\r\n".encode(),
)
TABLES = tuple(
    b"---\n".join(
        f"apiVersion: configsync/v1\nkind: {kind}\nmetadata: {{name: a}}\n"
        "spec: {rules: {$csv: input.csv}}\n".encode()
        for kind in kinds
    )
    for kinds in (["NegateRules"], ["ContextRules"], ["ContextRules"] * 3)
)
"""Documents that refer to ``input.csv``."""

CSV_SEEDS = (
    b'label,operator,value\nevent,!=,heartbeat\nevent,=~,"a,(b|c)+[^]d]{2,3}"\r\n\nx,>,"1\n2"\n',
    b'id,context,important,ignore,description\n1,a,"b,c",d,"say ""e"""\n2,f,,,\n',
    b"\xef\xbb\xbfcontext,ignore\na,b\nc,d\ne,=1+1\n",
    b"label;operator;value\na;=;b\n",
    b"label,operator,value\n" + b"a,=~,(?i)\\pL{1000}[[:alpha:]]\\Q(\n" * 20,
)
CSV_PIECES = (
    *(b",", b'"', b'""', b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"id,", b"$file"),
    *(b"," * 5000, b'"' * 5001, b"\n" * 3000, b"a" * 70000, b"a,=,b\n" * 900, b"=~", b"(" * 3000),
    *(b"\\" * 999, b"[" * 999, b"a{1000}" * 400, b"\xe2\x80\xae", b"\xe2\x80\xa8", b"{$csv: a}"),
)
PIECES = (
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b": ",
        b"- ",
        b"? ",
        b"&a ",
        b"*a ",
        b"!!x ",
        b"|",
        b">",
        b"#",
        b"\t",
    ),
    *(
        b"\n",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xfe",
        b"\xef\xbb\xbf",
        b"'",
        b'"',
        b"---\n",
        b"...\n",
        b"%",
    ),
    *(b"$file", b"$var", b"$unset", b"configsync: ignore CS201 x", b"extends: production"),
    *(b"9" * 5000, b"[" * 3000, b"- " * 500, b"{a: " * 100, b"a" * 70000, b"\xe2\x80\xae", b"~"),
)


def mutate(random: Random, seeds: Sequence[bytes], pieces: Sequence[bytes]) -> bytes:
    """Change a text as an accident, an editor or an enemy might."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.choice((1, 1, 2, 3, 8, 40))):
        at = random.randrange(len(data) + 1)
        match random.randrange(6):
            case 0:
                data[at:at] = random.choice(pieces)
            case 1:
                del data[at : at + random.choice((1, 2, 10, 200))]
            case 2 if at < len(data):
                data[at] = random.randrange(256)
            case 3:
                start = random.randrange(len(data) + 1)
                data[at:at] = data[start : start + random.randrange(100)]
            case 4:
                data[at:at] = bytes(random.randrange(256) for _ in range(random.randrange(1, 9)))
            case _:
                other = random.choice(seeds)
                data[at:] = other[random.randrange(len(other) + 1) :]
    return bytes(data)


def try_all(inputs: int, first: int) -> None:
    """Try inputs; ends with an exception at the first that breaks the promise."""
    folder = Path(tempfile.mkdtemp())
    own = "schemas/settings/ollama.schema.json"
    (folder / own).parent.mkdir(parents=True)
    (folder / own).write_bytes((CASES / "schema-of-a-category" / own).read_bytes())
    schemas, _ = load_schemas(all_kinds().values(), folder, "schemas")
    settings = Settings(folder, "fuzz", all_kinds(), all_rules(), schemas, {"x": "y"})
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))

    def too_slow(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError("an input took more than two seconds")

    signal.signal(signal.SIGALRM, too_slow)
    for number in range(first, first + inputs):
        random = Random(number)
        if number % 4:
            data = document = mutate(random, SEEDS, PIECES)
        else:
            data, document = mutate(random, CSV_SEEDS, CSV_PIECES), random.choice(TABLES)
            (folder / "input.csv").write_bytes(data)
        (folder / "input.yaml").write_bytes(document)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            text = read_text(folder, "input.yaml")
            if isinstance(text, Diagnostic):
                found = [text]
            else:
                record, _ = FileCompiler(settings).compile_file("input.yaml", text)
                found = record.diagnostics
                assert found or record.layered or record.documents, (
                    "neither a result nor a diagnostic"
                )
            lines = max(t.count(b"\n") + t.count(b"\r") + 2 for t in (data, document))
            for diagnostic in found:
                assert diagnostic.location is not None, diagnostic
                assert 1 <= diagnostic.location.line <= lines, diagnostic
                assert diagnostic.location.column >= 1, diagnostic
        except BaseException as error:
            raise AssertionError(f"input {number}: {data[:2000]!r}") from error
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def test_any_bytes_give_a_result_or_a_located_diagnostic() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import try_all; try_all({INPUTS}, 0)"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-6000:]
