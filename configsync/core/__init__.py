"""The vocabulary: frozen types and pure functions that every other part shares.

Standard library only, and no input or output: everything here can be tested
without a file or a database.
"""
