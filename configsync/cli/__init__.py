"""The command line, one file a command: parse, call, render, exit code.

A module here that has a ``command`` adds one, under the heading of its
``SECTION``. Command modules import what they need when they run, so that no
command pays for another's libraries.
"""
