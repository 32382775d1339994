"""A page in one file: no script, nothing from elsewhere, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterable

from configsync.render.html.blocks import Html, element, lines, text

STYLE = """\
:root { color-scheme: light dark; --text: #1f2328; --faint: #59636e; --line: #d1d9e0;
  --back: #fff; --box: #f6f8fa; --good: #116329; --change: #0a53be; --bad: #a40e26;
  --added: #e6ffec; --more: #abf2bc; --removed: #ffebe9; --less: #ffc1bc; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --faint: #9da7b1; --line: #3d444d; --back: #0d1117; --box: #161b22;
    --good: #56d364; --change: #79b8ff; --bad: #ff938a;
    --added: #12261e; --more: #1f6f3a; --removed: #2d1517; --less: #86302f; }
}
* { box-sizing: border-box; }
body { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; color: var(--text);
  background: var(--back); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; line-height: 1.3; }
header { padding-left: .9rem; border-left: .3rem solid var(--good); }
header.change { border-color: var(--change); }
header.bad { border-color: var(--bad); }
h2 { margin: 1.75rem 0 .6rem; font-size: 1.15rem; line-height: 1.3; }
h3 { margin: 0 0 .25rem; font-size: 1rem; }
p { margin: .5rem 0; }
.about { color: var(--faint); font-size: .9rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
code, bdi { overflow-wrap: anywhere; unicode-bidi: isolate; }
article { margin: 0 0 .75rem; padding: .6rem 1rem; border: 1px solid var(--line);
  border-radius: .5rem; }
dl { margin: .75rem 0; }
dl div { display: flex; gap: 0 .75rem; }
dt { flex: 0 0 9.5rem; font-weight: 600; color: var(--change); }
.bad dt { color: var(--bad); }
.good dt { color: var(--good); }
dd { margin: 0; min-width: 0; }
ul { margin: 0; padding-left: 1.25rem; }
article > ul { padding: 0; list-style: none; color: var(--faint); font-size: .9rem; }
table { width: 100%; margin-top: .5rem; border-collapse: collapse; table-layout: fixed; }
th, td { padding: .2rem .75rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--faint); font-weight: normal; }
thead th:first-child { width: 40%; }
tbody th { font-weight: normal; }
tbody th code { overflow-wrap: break-word; }
tbody th code:not(:last-child) { color: var(--faint); overflow-wrap: anywhere; }
details { margin-top: .5rem; }
summary { cursor: pointer; }
pre { margin: .5rem 0 0; padding: .5rem; overflow-wrap: anywhere; white-space: pre-wrap;
  background: var(--box); border-radius: .3rem; }
pre > * { display: block; min-height: 1.5em; padding-left: 2ch; text-indent: -2ch;
  text-decoration: none; color: inherit; }
pre > .at { color: var(--faint); }
ins { background: var(--added); }
del { background: var(--removed); }
pre strong { font-weight: inherit; border-radius: .2rem; }
ins strong { background: var(--more); }
del strong { background: var(--less); }
@media (max-width: 40rem) {
  dl div { display: block; margin-bottom: .4rem; }
  tbody th code + code { display: block; }
  article { padding: .75rem; }
}
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
