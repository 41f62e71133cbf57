"""Parses the statements of the standard input as those of a dialect, and prints the ones that sqlglot does not know, as JSON."""

import json
import re
import sys

import sqlglot

dialect = sys.argv[1]
statements = [each.strip() for each in re.split(r";\n", sys.stdin.read()) if each.strip()]


def is_parsed(statement: str) -> bool:
    try:
        parsed = sqlglot.parse_one(statement, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.ParseError:
        return False
    return not isinstance(parsed, sqlglot.exp.Command)


unparsed = [each for each in statements if not is_parsed(each)]
print(json.dumps({"version": f"sqlglot {sqlglot.__version__}", "statements": len(statements), "unparsed": unparsed}))
