"""What RE2 takes for a pattern, as RE2 itself said of each of these."""

from __future__ import annotations

import time

import pytest

from configsync.checks.rules.negate_pattern import find_fault


@pytest.mark.parametrize(
    "pattern",
    [
        *("", "a", "a|b||", "()", "(a(b)c)*", "^*", "(?:a)+?", "a{2}", "a{2,}?", "a{0,1000}"),
        *("a{,2}", "{", "a}", "{a", "]", "a]", "[]a]", "[^]a]", "[a-]", "[a&&b]", "[[:alpha:]_]"),
        *("(?i)a", "a(?i-s:b)", "(?i)", "(?P<n>a)(?<n>b)", "\\Q(*\\E", "\\Qa("),
        *("\\d\\W\\pL\\p{Greek}\\P{^Lu}", "\\.\\-\\_\\ ", "\\012\\12\\0", "\\bA\\z"),
        *("\\x41\\x{1F600}", "[\\d\\-\\]\\x41-\\x5a]", "é+", "a\n.", "[a-é]"),
    ],
)
def test_a_regular_expression_is_taken(pattern: str) -> None:
    assert find_fault(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("(a", "a bracket ( isn't closed"),
        ("a)", "a bracket ) closes none"),
        ("[a", "a bracket [ isn't closed"),
        ("[]", "a bracket [ isn't closed"),
        ("*a", "* repeats nothing"),
        ("a|+b", "+ repeats nothing"),
        ("(?i)*", "* repeats nothing"),
        ("a**", "* repeats a repetition"),
        ("a+*?", "*? repeats a repetition"),
        ("a{2}{3}", "{3} repeats a repetition"),
        ("a{1001}", "{1001} repeats more than 1,000 times"),
        ("a{3,1}", "{3,1} ends before it begins"),
        ("[z-a]", "the range z-a ends before it begins"),
        ("[\\x{5A}-A]", "the range \\x{5A}-A ends before it begins"),
        ("a(?=b)", "(? begins no group, and none looks ahead or behind"),
        ("(?<!a)b", "(? begins no group, and none looks ahead or behind"),
        ("(a)\\1", "\\1 has no meaning"),
        ("\\Z", "\\Z has no meaning"),
        ("\\é", "\\é has no meaning"),
        ("a\\", "it ends with a backslash"),
    ],
)
def test_what_is_none_is_refused(pattern: str, fault: str) -> None:
    assert find_fault(pattern) == fault


@pytest.mark.parametrize(
    "pattern", [*"([\\{", "[^", "(?i)", "\\pL", "a{1000}", "(?P<n>", "a|", "\\Q", "[[:alpha:]"]
)
def test_a_long_pattern_takes_no_long_time(pattern: str) -> None:
    begin = time.process_time()
    find_fault(pattern * (256 * 1024 // len(pattern)))
    assert time.process_time() - begin < 5
