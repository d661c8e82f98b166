"""How beats become time: the exact rule by which a reviewer's seconds are counted.

Pure: the same beats always give the same segments, in whole milliseconds, so that a ledger can be recomputed years
later. The server's receive times create time; whatever a browser says about itself can only take some away.
Nothing here knows of tables, money or the present. Called by the service of timekeeping.
"""

from app.timekeeping.rules.activity import Beat, BeatState, ClaimTime
from app.timekeeping.rules.segments import RULE_VERSION, Segment, SegmentKind, active_ms, segments

__all__ = [
    "RULE_VERSION",
    "Beat",
    "BeatState",
    "ClaimTime",
    "Segment",
    "SegmentKind",
    "active_ms",
    "segments",
]
