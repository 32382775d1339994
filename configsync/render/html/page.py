"""A page in one file: no script, nothing from elsewhere, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterable

from configsync.render.html.blocks import Html, element, lines, text

STYLE = """\
:root { color-scheme: light dark; --text: #1f2328; --faint: #59636e; --line: #d1d9e0;
  --back: #fff; --box: #f6f8fa; --good: #116329; --bad: #a40e26; --added: #dafbe1;
  --removed: #ffebe9; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --faint: #9da7b1; --line: #3d444d; --back: #0d1117; --box: #161b22;
    --good: #56d364; --bad: #ff938a; --added: #12361f; --removed: #4a1a1c; }
}
* { box-sizing: border-box; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; color: var(--text);
  background: var(--back); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; line-height: 1.3; padding-left: .75rem;
  border-left: .3rem solid var(--good); }
h1.bad { border-color: var(--bad); }
h2 { margin: 2rem 0 .75rem; font-size: 1.15rem; }
h3 { margin: 0 0 .5rem; font-size: 1rem; }
p { margin: .5rem 0; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
code { overflow-wrap: anywhere; unicode-bidi: isolate; }
article { margin: 0 0 1rem; padding: .75rem 1rem; border: 1px solid var(--line);
  border-radius: .5rem; }
dl { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; margin: 0 0 .75rem; }
dl div { display: flex; gap: .4rem; }
dt { color: var(--faint); }
dd { margin: 0; min-width: 0; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
@media (min-width: 40rem) { table { table-layout: fixed; } thead th:first-child { width: 30%; } }
thead th { color: var(--faint); font-weight: normal; }
tbody th { font-weight: normal; }
tbody th code { overflow-wrap: break-word; }
details { margin-top: .5rem; }
summary { cursor: pointer; }
pre { margin: .5rem 0 0; padding: .5rem; overflow-wrap: anywhere; white-space: pre-wrap;
  background: var(--box); border-radius: .3rem; }
pre > * { display: block; min-height: 1.5em; padding-left: 2ch; text-indent: -2ch;
  text-decoration: none; color: inherit; }
ins { background: var(--added); }
del { background: var(--removed); }
ul { margin: 0; padding-left: 1.25rem; }
"""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: show it. A second wall behind the escaping."""


def render(title: str, body: Iterable[Html]) -> str:
    """A whole page; ``title`` is any text."""
    head = lines(
        (
            Html('<meta charset="utf-8">'),
            Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Html(f'<meta http-equiv="Content-Security-Policy" content="{text(POLICY)}">'),
            element("title", text(title)),
            Html(f"<style>\n{STYLE}</style>"),
        )
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n'
        f"<body>\n{lines(body)}\n</body>\n</html>\n"
    )
