"""Durations as the outside sees them: decimal text of seconds, made from whole milliseconds without a float."""


def seconds_text(ms: int) -> str:
    """Return milliseconds as seconds with three decimals, for example 41200 as "41.200"."""
    sign = "-" if ms < 0 else ""
    whole, rest = divmod(abs(ms), 1000)
    return f"{sign}{whole}.{rest:03d}"
