"""Statements that touch several domains at once, because what runs at every sign of life and every verdict has to.

Each does what the services do one by one, in the same order of locks, and says so; tests hold that both leave the same
rows. Values come in and go out; nothing here decides. Called by the services of review only.
"""

from typing import Final

from sqlalchemy import text

from app.queue.service.line import NOT_SKIPPED, claim_statement

# Who asks for work, and where she may work, with her lock taken. It may be that she had to wait for the lock, so what
# others could have changed meanwhile is looked at again by the statement that follows.
WHO: Final = text("""
SELECT m.roles, m.skills || g.skills AS skills, her.queues, m.capacity, p.disabled_at, here.paused_at, g.groups,
       (SELECT id FROM items WHERE held_by = m.person_id AND workspace_id = m.workspace_id AND state = 'reserved')
         AS reserved,
       ARRAY(SELECT q.id FROM queues AS q
              WHERE q.workspace_id = m.workspace_id AND q.paused_at IS NULL
                AND CASE WHEN CAST(:queue AS text) IS NOT NULL THEN q.name = :queue
                         ELSE cardinality(her.queues) = 0 OR q.name = ANY (her.queues) END) AS queue_ids,
       pg_advisory_xact_lock(hashtextextended(:person_lock, 0)),
       set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)
  FROM memberships AS m
  JOIN people AS p ON p.id = m.person_id
 CROSS JOIN LATERAL (
   SELECT COALESCE(array_agg(DISTINCT g.id), '{}') AS groups,
          COALESCE(array_agg(DISTINCT s.skill) FILTER (WHERE s.skill IS NOT NULL), '{}') AS skills,
          COALESCE(array_agg(DISTINCT q.queue) FILTER (WHERE q.queue IS NOT NULL), '{}') AS queues
     FROM group_members AS member
     JOIN groups AS g ON g.id = member.group_id AND g.workspace_id = m.workspace_id
     LEFT JOIN LATERAL unnest(g.skills) AS s (skill) ON true
     LEFT JOIN LATERAL unnest(g.queues) AS q (queue) ON true
    WHERE member.person_id = m.person_id) AS g
 CROSS JOIN LATERAL (SELECT m.queues || g.queues AS queues) AS her
  LEFT JOIN presences AS here ON here.workspace_id = m.workspace_id AND here.person_id = m.person_id
 WHERE m.workspace_id = :workspace AND m.person_id = :person
""")
# The first item in line for somebody who has neither a claim nor an item reserved and is not disabled. To plan it takes
# longer than to run it, and its plan is the same for everybody; PostgreSQL would make it anew each time, because it
# guesses at more queues than most people have. So for this one statement, and no other, it keeps the plan it has, and
# walks the index also if the table was small when the plan was made.
TAKE: Final = claim_statement(
    NOT_SKIPPED,
    guard="EXISTS (SELECT FROM people WHERE id = :person AND disabled_at IS NULL)",
    also="set_config('plan_cache_mode', 'auto', true) || set_config('enable_seqscan', 'on', true)",
)
PLAN_AS_USUAL: Final = text(
    "SELECT set_config('plan_cache_mode', 'auto', true), set_config('enable_seqscan', 'on', true)"
)

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

# What a verdict is judged against. Item, claim, person and, beside others, prices are locked, in this order, and every
# column of the first two is the one that holds under the lock. The clock is read once the claim is locked, and once
# more when nobody can change prices, for what is posted.
LOCK_CASE: Final = text("""
WITH item AS MATERIALIZED (
  SELECT * FROM items
   WHERE id = (SELECT item_id FROM claims WHERE id = :claim AND workspace_id = :workspace AND person_id = :person)
     FOR UPDATE
), held AS MATERIALIZED (
  SELECT item.id AS item_id, item.submission_id, item.state, item.version, item.voters, item.token AS newest_token,
         item.approvals_required, item.rejections_required, item.review_mode, item.adjudicating,
         c.token, c.channel, c.claimed_at, c.expires_at, c.ended_at, c.cap_ms
    FROM item JOIN claims AS c ON c.id = :claim
     FOR UPDATE OF c
), seen AS MATERIALIZED (
  SELECT *, clock_timestamp() AS at FROM held
), owned AS MATERIALIZED (
  SELECT *, pg_advisory_xact_lock(hashtextextended(:person_lock, 0)),
         pg_advisory_xact_lock_shared(hashtextextended(:prices_lock, 0))
    FROM seen
)
SELECT owned.*, clock_timestamp() AS posted_at, s.external_id, s.content_sha256, s.endpoint_id, t.name AS task_type,
       t.output_schema, t.reason_codes, t.undo_ms, t.grant_ms, b.data_key, b.body
  FROM owned
  JOIN submissions AS s ON s.id = owned.submission_id
  JOIN task_types AS t ON t.id = s.task_type_id
  JOIN contents AS b ON b.submission_id = s.id
""")

# What was heard of a claim and is known of its person, asked for once both are locked: what others committed while
# this transaction waited for the locks counts too.
EVIDENCE: Final = text("""
SELECT EXISTS (SELECT FROM claims WHERE person_id = :person AND id <> :claim AND ended_at IS NULL) AS beside,
       (SELECT max(until_at) FROM period_closes WHERE workspace_id = :workspace) AS closed_until, b.*, p.*, r.*, m.*
  FROM (SELECT array_agg(seq ORDER BY seq) AS seqs, array_agg(received_at ORDER BY seq) AS received,
               array_agg(client_mono_ms ORDER BY seq) AS monos, array_agg(state ORDER BY seq) AS states,
               array_agg(last_input_age_ms ORDER BY seq) AS ages
          FROM beats WHERE claim_id = :claim) AS b,
       (SELECT array_agg(starts_at) AS starts, array_agg(ends_at) AS ends FROM time_entries
         WHERE person_id = :person AND kind = 'active'
           AND tstzrange(starts_at, ends_at) && tstzrange(:since, :until)) AS p,
       (SELECT array_agg(id) AS rate_ids, array_agg(person_id) AS rate_people, array_agg(role) AS rate_roles,
               array_agg(vendor) AS rate_vendors, array_agg(currency) AS currencies, array_agg(unit) AS units,
               array_agg(base) AS bases, array_agg(burden) AS burdens, array_agg(overhead) AS overheads,
               array_agg(valid_from) AS valid_from, array_agg(valid_to) AS valid_to,
               array_agg(recorded_at) AS recorded_at
          FROM rate_cards WHERE workspace_id = :workspace AND (person_id = :person OR person_id IS NULL)
           AND recorded_at <= :known_at) AS r,
       (SELECT jsonb_agg(jsonb_build_object('roles', roles, 'vendor', vendor, 'since', since) ORDER BY since, id)
                 AS terms
          FROM membership_terms WHERE workspace_id = :workspace AND person_id = :person) AS m
""")

# The only vote that an item needs, and the decision that it makes: the step of the item's life with its event, the
# claim's end, its time and price, vote, decision and outcome. The locks are held already.
DECIDE: Final = text("""
WITH item AS (
  UPDATE items SET state = 'decided', version = version + 1, voters = ARRAY[CAST(:person AS uuid)] WHERE id = :item
), claim AS (
  UPDATE claims SET ended_at = :at, outcome = 'decided' WHERE id = :claim
), event AS (
  INSERT INTO events (workspace_id, at, type, actor_kind, actor_id,
                      subject_kind, subject_id, from_state, to_state, details)
  VALUES (:workspace, :at, 'item.decide', :actor_kind, :actor_id,
          'item', :item, 'claimed', 'decided', CAST(:details AS jsonb))
), spent AS (
  INSERT INTO time_entries (id, workspace_id, claim_id, person_id, kind, starts_at, ends_at, ms, blurred, posted_at,
                            dated_at)
  SELECT e.id, :workspace, :claim, :person, e.kind, e.starts_at, e.ends_at, e.ms, e.blurred, :posted_at,
         CASE WHEN e.starts_at < CAST(:closed_until AS timestamptz) THEN CAST(:posted_at AS timestamptz) END
    FROM unnest(CAST(:entries AS uuid[]), CAST(:kinds AS text[]), CAST(:starts AS timestamptz[]),
                CAST(:ends AS timestamptz[]), CAST(:ms AS integer[]), CAST(:blurred AS boolean[]))
      AS e (id, kind, starts_at, ends_at, ms, blurred)
), priced AS (
  INSERT INTO cost_entries (time_entry_id, workspace_id, rate_card_id, currency, amount, unpriced_ms, posted_at)
  SELECT c.id, :workspace, c.rate, c.currency, c.amount, c.unpriced_ms, :posted_at
    FROM unnest(CAST(:priced AS uuid[]), CAST(:rates AS uuid[]), CAST(:currencies AS text[]),
                CAST(:amounts AS numeric[]), CAST(:unpriced AS integer[]))
      AS c (id, rate, currency, amount, unpriced_ms)
), vote AS (
  INSERT INTO votes (id, workspace_id, item_id, claim_id, person_id, token, verb, late, counts, adjudicates, answer,
                     reason_codes, request_sha256, body, active_ms, at)
  VALUES (:vote, :workspace, :item, :claim, :person, :token, :verb, false, true, false, :answer,
          CAST(:reasons AS text[]), :request, :vote_body, :active_ms, :at)
), draft AS (
  DELETE FROM drafts WHERE item_id = :item AND person_id = :person AND NOT lost
), decision AS (
  INSERT INTO decisions (id, workspace_id, item_id, submission_id, claim_id, decided_by, status, decided_by_kind, late,
                         content_sha256, body, decided_at, final_at)
  VALUES (:decision, :workspace, :item, :submission, :claim, :person, :status, 'human', false,
          :content, :decision_body, :at, :final_at)
), feed AS (
  INSERT INTO feed_entries (id, workspace_id, type, submission_id, decision_id, due_at)
  VALUES (:decision, :workspace, 'submission.decided', :submission, :decision, :final_at)
)
UPDATE submissions SET status = :status, final_at = :final_at WHERE id = :submission
""")
