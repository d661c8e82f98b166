"""Statements that touch several domains at once, because what runs at every sign of life and every verdict has to.

Each does what the services do one by one, in the same order of locks, and says so; tests hold that both leave the same
rows. Values come in and go out; nothing here decides. Called by the services of review only.
"""

from typing import Final

from sqlalchemy import text

# A sign of life. The claim is locked first, the clock read after that; only then is the lease looked at. Whoever asks
# learns what her claim is made of so far: the beats before this one, and what is posted for her since it began.
BEAT: Final = text("""
WITH held AS MATERIALIZED (
  SELECT id, person_id, claimed_at, expires_at, ended_at, claim_ms, cap_ms FROM claims
   WHERE id = :claim AND workspace_id = :workspace AND person_id = :person
     FOR UPDATE
), seen AS MATERIALIZED (
  SELECT *, clock_timestamp() AS at FROM held
), live AS MATERIALIZED (
  SELECT *, CASE WHEN :active
                 THEN GREATEST(expires_at, LEAST(at + claim_ms * interval '1 ms', claimed_at
                                                 + GREATEST(CAST(:ceiling AS interval), claim_ms * interval '1 ms')))
                 ELSE expires_at END AS extended
    FROM seen WHERE ended_at IS NULL AND expires_at > at
), renewed AS (
  UPDATE claims SET expires_at = live.extended FROM live WHERE claims.id = live.id AND live.extended > claims.expires_at
), kept AS (
  INSERT INTO beats (claim_id, seq, received_at, client_mono_ms, state, last_input_age_ms)
  SELECT id, :seq, at, :client_mono_ms, :state, :last_input_age_ms FROM live
  ON CONFLICT DO NOTHING RETURNING seq
)
SELECT seen.at, seen.claimed_at, seen.cap_ms, live.extended, EXISTS (SELECT FROM kept) AS new,
       EXISTS (SELECT FROM claims AS other
                WHERE other.person_id = seen.person_id AND other.id <> seen.id AND other.ended_at IS NULL) AS beside,
       b.seqs, b.received, b.monos, b.states, b.ages, p.starts, p.ends
  FROM seen LEFT JOIN live USING (id)
 CROSS JOIN LATERAL (
   SELECT array_agg(seq ORDER BY seq) AS seqs, array_agg(received_at ORDER BY seq) AS received,
          array_agg(client_mono_ms ORDER BY seq) AS monos, array_agg(state ORDER BY seq) AS states,
          array_agg(last_input_age_ms ORDER BY seq) AS ages
     FROM beats WHERE claim_id = seen.id) AS b
 CROSS JOIN LATERAL (
   SELECT array_agg(starts_at) AS starts, array_agg(ends_at) AS ends FROM time_entries
    WHERE person_id = seen.person_id AND kind = 'active'
      AND tstzrange(starts_at, ends_at) && tstzrange(seen.claimed_at, seen.at)) AS p
""")
