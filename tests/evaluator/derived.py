"""Derived features, as docs/features.md states them."""

from events import in_order, is_number, same


def derived(expression, value_of):
    """The value of an expression, from the values of features by name."""
    if not isinstance(expression, dict):
        return expression
    if "feature" in expression:
        value = value_of(expression["feature"])
        return value if is_scalar(value) else None
    if "if" in expression:
        condition = derived(expression["if"], value_of)
        if not isinstance(condition, bool):
            return None
        return derived(expression["then" if condition else "else"], value_of)
    if expression["op"] == "not":
        value = derived(expression["of"], value_of)
        return not value if isinstance(value, bool) else None
    return operation(expression["op"], derived(expression["left"], value_of), derived(expression["right"], value_of))


def operation(op, left, right):
    if op in ("eq", "ne"):
        if not (is_scalar(left) and is_scalar(right)):
            return None
        return same(left, right) == (op == "eq")
    if op in ("and", "or"):
        if not (isinstance(left, bool) and isinstance(right, bool)):
            return None
        return (left and right) if op == "and" else (left or right)
    if not (is_number(left) and is_number(right)):
        return None
    if op in ("lt", "lte", "gt", "gte"):
        return in_order(op, left, right)
    return arithmetic(op, left, right)


def arithmetic(op, left, right):
    if op == "add":
        return left + right
    if op == "subtract":
        return left - right
    if op == "multiply":
        return left * right
    if op == "divide":
        return left / right if right else None
    return min(left, right) if op == "min" else max(left, right)


def is_scalar(value):
    return isinstance(value, (str, int, float))
