"""The queue doctor: why nothing moves, for a person, for a queue, and for an item.

Read-only. What is asked costs the same however much waits: long queues are looked at up to a bound, and beyond it
their last count is used; the answer says so. Called by the API and the pages.
"""

from app.reports.doctor.colleagues import PEOPLE_AT_MOST, Member
from app.reports.doctor.item import ItemDiagnosis, PersonReasons, Timer, diagnose_item
from app.reports.doctor.leases import Lease, Leases, look_at_leases
from app.reports.doctor.person import PersonDiagnosis, diagnose_person
from app.reports.doctor.queue import QueueDiagnosis, QueueState, diagnose_queue, look_at_queue

__all__ = [
    "PEOPLE_AT_MOST",
    "ItemDiagnosis",
    "Lease",
    "Leases",
    "Member",
    "PersonDiagnosis",
    "PersonReasons",
    "QueueDiagnosis",
    "QueueState",
    "Timer",
    "diagnose_item",
    "diagnose_person",
    "diagnose_queue",
    "look_at_leases",
    "look_at_queue",
]
