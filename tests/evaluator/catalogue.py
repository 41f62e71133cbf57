"""The definitions of the default features, read from the tables of docs/features.md."""

import re

UNITS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
COMPARISONS = {"=": "eq", "≠": "ne", "<": "lt", "≤": "lte", ">": "gt", "≥": "gte"}
OPERATORS = {"+": "add", "-": "subtract", "×": "multiply", "÷": "divide", "and": "and", "or": "or"} | COMPARISONS


def definitions(page):
    """All definitions in the tables of the page's text, in the form of its section "Definition"."""
    found = []
    for entity, table in re.findall(r"<!-- features (session|user|page) -->\n(.*?)<!-- end -->", page, re.DOTALL):
        rows = [row.strip("| ").split(" | ") for row in table.strip().splitlines()]
        titles = rows[0]
        for cells in rows[2:]:
            found.append(definition(entity, dict(zip(titles, cells))))
    return found


def definition(entity, row):
    named = {"name": row["feature"].strip("`"), "entity": entity}
    if not row.get("window", "").strip():
        return named | {"derive": derivation(row["computed as"])}
    return named | reduction(row["computed as"]) | {"window": window(row["window"].strip())}


def reduction(text):
    """`quantile, q 0.75 of `value` over `web_vital` where `metric` = LCP` as source, conditions and aggregate."""
    pattern = r"(\w+)((?:, \w+ [\w.]+)*)(?: of `([\w.]+)`)? over `(\w+)`(?: where (.+))?"
    name, options, field, source, where = re.fullmatch(pattern, text).groups()
    aggregate = {"type": name}
    for option, value in re.findall(r", (\w+) ([\w.]+)", options):
        aggregate[option] = constant(value)
    if field:
        aggregate["field"] = field
    return {"source": source, "where": conditions(where), "aggregate": aggregate}


def conditions(text):
    return [condition(part) for part in text.split(" and ")] if text else []


def condition(text):
    field, comparison, value = re.fullmatch(r"`([\w.]+)` (\S+) (.+)", text).groups()
    if comparison == "in":
        return {"field": field, "is": "in", "values": [constant(one) for one in value.split(", ")]}
    return {"field": field, "is": COMPARISONS[comparison], "value": constant(value)}


def constant(text):
    """A number, true, false, or else a text."""
    if text in ("true", "false"):
        return text == "true"
    number = text.replace(",", "")
    if re.fullmatch(r"-?\d+", number):
        return int(number)
    return float(number) if re.fullmatch(r"-?\d+\.\d+", number) else text


def window(text):
    """`hopping 1 h by 1 min` as its form in a definition."""
    kind, size, step = re.fullmatch(r"(\w+)(?: (\d+ \w+))?(?: by (\d+ \w+))?", text).groups()
    if kind in ("session", "lifetime"):
        return {"type": kind}
    if kind == "tumbling":
        return {"type": kind, "size_ms": milliseconds(size)}
    return {"type": kind, "every_ms": milliseconds(step), "panes": milliseconds(size) // milliseconds(step)}


def milliseconds(text):
    number, unit = text.split()
    return int(number) * UNITS[unit]


def derivation(text):
    """``(`a` + `b`) ÷ `c` `` as its form in a definition."""
    tokens = re.findall(r"`\w+`|\d[\d,]*(?:\.\d+)?(?=\D|$)(?<!,)|[(),]|[^\s(),]+", text)
    expression = operation(tokens)
    if tokens:
        raise ValueError(f"expected the end of {text!r}, found {tokens}")
    return expression


def operation(tokens):
    left = operand(tokens)
    if not tokens or tokens[0] in (")", ","):
        return left
    operator = OPERATORS[tokens.pop(0)]
    return {"op": operator, "left": left, "right": operand(tokens)}


def operand(tokens):
    token = tokens.pop(0)
    if token == "(":
        inner = operation(tokens)
        tokens.pop(0)
        return inner
    if token in ("min", "max"):
        tokens.pop(0)
        left = operation(tokens)
        tokens.pop(0)
        right = operation(tokens)
        tokens.pop(0)
        return {"op": token, "left": left, "right": right}
    return {"feature": token.strip("`")} if token.startswith("`") else constant(token)
