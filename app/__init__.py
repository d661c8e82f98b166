"""Proofdesk: outputs of language models wait here until a person has read, corrected and signed them off.

docs/map.md has one line per package. Arrows point down only, and import-linter holds that:
cli > factory > api | web | adapters > edge > reports > intake | review > costs >
queue | routing | submissions | timekeeping | delivery > identity > audit > kernel.
"""
