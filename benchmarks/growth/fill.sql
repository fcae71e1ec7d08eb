-- A year of the city. Each statement fills the table named above it, in this order. Parameters
-- (behind a colon) are fields of `benchmarks.growth.fill.Size` and what `fill` adds to them.
-- The temporary tables and the functions `pick` and `year` come from `samples.sql`.

-- people
INSERT INTO people (id, locale, name, created_at, opted_out_at)
SELECT i, CASE WHEN pg_temp.pick(i, 20, 1) = 0 THEN 'en' ELSE 'id' END, sealed.name, pg_temp.year(i, :people),
       CASE WHEN i <= :people - :staff AND pg_temp.pick(i, 100, 3) = 0 THEN now() END
  FROM generate_series(1, :people) AS i JOIN sealed ON sealed.n = i % 32;

-- addresses
INSERT INTO addresses (id, person_id, channel, address, heard_at, unreachable_at)
SELECT i, i, 'telegram', (:first_address + i::bigint * :scramble % :modulus)::text,
       now() - interval '1 hour' * pg_temp.pick(i, 8000, 2),
       CASE WHEN i <= :people - :staff AND pg_temp.pick(i, 50, 4) = 0 THEN now() END
  FROM generate_series(1, :people) AS i;

-- conversations
-- Most drafts were left long ago, and all their reminders were sent. People without a draft have
-- finished or never began; a person whose draft was erased has no row.
INSERT INTO conversations (person_id, session, has_draft, spoke_at, reminded)
SELECT i, session, draft, now() - silent,
       CASE WHEN NOT draft OR silent < interval '1 hour' THEN 0
            WHEN silent < interval '1 day' THEN 1 WHEN silent < interval '3 days' THEN 2 ELSE 3 END
  FROM generate_series(1, :people - :staff) AS i
 CROSS JOIN LATERAL (SELECT i % 10 = 0 AS open, CASE WHEN i % 10 = 0 THEN 30 ELSE 365 END AS days)
       AS kind
 CROSS JOIN LATERAL (SELECT interval '1 minute' * pg_temp.pick(i, days * 24 * 60, 5) AS silent)
       AS spoken
  JOIN talks ON draft = open AND talks.n = i / 10 % (SELECT count(*) FROM talks WHERE draft = open)
 WHERE i % 10 < 9 AND (open OR :cases > 0)
 ORDER BY pg_temp.pick(i, :people, 6);

-- officers
-- The first `per_kecamatan` of a kecamatan, then its supervisor; kecamatan are numbered from 0.
INSERT INTO officers (id, role, name, badge, person_id, capacity, active, invited_at, joined_at)
SELECT i, CASE WHEN (i - 1) % (:per_kecamatan + 1) = :per_kecamatan THEN 'supervisor'
               ELSE 'officer' END,
       'Petugas ' || i, to_char(i, 'FM0000'), :people - :staff + i, 3, true, pg_temp.year(1, 2), pg_temp.year(1, 2)
  FROM generate_series(1, :staff) AS i;

-- officer_areas
INSERT INTO officer_areas (officer_id, area_code)
SELECT i, code
  FROM generate_series(1, :staff) AS i
  JOIN (SELECT DISTINCT k, substring(code, 1, 8) AS code FROM kelurahan) AS kecamatan
    ON k = (i - 1) / (:per_kecamatan + 1);

-- cases
-- Many cases of the last 55 days are still open; some older ones were abandoned by their owners.
INSERT INTO cases (id, number, person_id, service, state, answers, answers_version, changed,
                   area_code, same_as, stage, submitted_at, moved_at, failed_visits)
SELECT i, '26-' || to_char(i, 'FM000000'), (j - 1) / 3 * 10 + 1 + (j - 1) % 3, 'business_permit',
       CASE WHEN fresh THEN 'submitted'
            WHEN old THEN CASE WHEN p < 8000 THEN 'done' WHEN p < 8700 THEN 'rejected'
                               WHEN p < 9500 THEN 'cancelled' WHEN p < 9850 THEN 'accepted'
                               ELSE 'needs_fix' END
            ELSE CASE WHEN p < 4450 THEN 'under_way' WHEN p < 6800 THEN 'done'
                      WHEN p < 7300 THEN 'accepted' WHEN p < 7900 THEN 'in_review'
                      WHEN p < 8700 THEN 'needs_fix' WHEN p < 9400 THEN 'rejected'
                      ELSE 'cancelled' END END,
       sent.answers, 1, NULL, kelurahan.code, sent.same_as, 'hand_over', pg_temp.year(i, :cases),
       CASE WHEN fresh THEN now() - interval '1 minute'
            ELSE least(pg_temp.year(i, :cases) + interval '1 hour' * pg_temp.pick(i, 240, 7),
                       now() - interval '1 minute' * (1 + pg_temp.pick(i, 3000, 8))) END,
       0
  FROM generate_series(1, :cases) AS i
  CROSS JOIN sent
  JOIN kelurahan ON kelurahan.n = 1 + pg_temp.pick(i, (SELECT max(n) FROM kelurahan), 9),
       LATERAL (SELECT pg_temp.pick(i, 10000, 10) AS p, i <= :cases * 0.85 AS old,
                       i > :cases - 5 AS fresh, 1 + (i - 1) % ((:people - :staff) / 10 * 3) AS j) AS drawn;

-- visits
-- Closed ones: those that led to a permit, and some that failed or were moved before.
INSERT INTO visits (case_id, purpose, host_id, officer_id, state, area_code, "on", part, code,
                    code_tries, code_proved_at, failure, made_at, moved_at)
SELECT a.id, 'hand_over', a.person_id, k * (:per_kecamatan + 1) + 1 + pg_temp.pick(a.id, :per_kecamatan, 11), ended.state,
       a.area_code, (a.moved_at AT TIME ZONE 'Asia/Jakarta')::date - ended.before,
       (ARRAY['morning', 'midday', 'afternoon'])[1 + pg_temp.pick(a.id, 3, 12)], sealed.code, 0,
       CASE WHEN ended.state = 'done' THEN a.moved_at END,
       CASE WHEN ended.state = 'failed' THEN 'nobody_there' END,
       a.submitted_at, a.moved_at - interval '1 day' * ended.before
  FROM cases AS a
  JOIN kelurahan ON kelurahan.code = a.area_code
  JOIN sealed ON sealed.n = a.id % 32
  JOIN (VALUES ('failed', 3), ('cancelled', 5), ('done', 0)) AS ended (state, before)
    ON ended.state = 'done' OR pg_temp.pick(a.id, 10, 13) = ended.before
 WHERE a.state = 'done'
 ORDER BY a.id, ended.before DESC;

-- visits
-- Open ones: in the coming two weeks, but for a few whose officers never reported.
INSERT INTO visits (case_id, purpose, host_id, officer_id, state, area_code, "on", part, code,
                    code_tries, made_at, moved_at)
SELECT a.id, 'hand_over', a.person_id,
       CASE WHEN p < 980 AND p >= 40
            THEN k * (:per_kecamatan + 1) + 1 + pg_temp.pick(a.id, :per_kecamatan, 14) END,
       CASE WHEN p < 30 THEN 'wanted' WHEN p < 40 THEN 'unassigned' WHEN p < 120 THEN 'offered'
            WHEN p < 980 THEN 'accepted' ELSE 'wanted' END,
       a.area_code,
       today + CASE WHEN p = 500 THEN -3 - pg_temp.pick(a.id, 40, 15)::int
                    ELSE 1 + pg_temp.pick(a.id, 14, 16)::int END,
       (ARRAY['morning', 'midday', 'afternoon'])[1 + pg_temp.pick(a.id, 3, 17)],
       CASE WHEN p >= 120 THEN sealed.code END, 0, a.moved_at,
       CASE WHEN p < 30 OR p >= 980 THEN now() - interval '5 seconds' ELSE a.moved_at END
  FROM cases AS a
  JOIN kelurahan ON kelurahan.code = a.area_code
  JOIN sealed ON sealed.n = a.id % 32,
       LATERAL (SELECT pg_temp.pick(a.id, 1000, 18) AS p,
                       (now() AT TIME ZONE 'Asia/Jakarta')::date AS today) AS drawn
 WHERE a.state = 'under_way';

-- offers
INSERT INTO offers (visit_id, officer_id, offered_at, expires_at, answer, reason, answered_at)
SELECT v.id, v.officer_id, v.moved_at,
       CASE WHEN v.state = 'offered' THEN now() + interval '1 minute' * pg_temp.pick(v.id, 240, 19)
            ELSE v.moved_at + interval '4 hours' END,
       CASE WHEN v.state = 'offered' THEN NULL WHEN v.state = 'cancelled' THEN 'withdrawn'
            ELSE 'accepted' END,
       NULL, CASE WHEN v.state <> 'offered' THEN v.moved_at END
  FROM visits AS v WHERE v.officer_id IS NOT NULL;

-- offers
-- Earlier offers that were not answered.
INSERT INTO offers (visit_id, officer_id, offered_at, expires_at, answer, reason, answered_at)
SELECT v.id, (v.officer_id - 1) / (:per_kecamatan + 1) * (:per_kecamatan + 1) + 1
             + ((v.officer_id - 1) % (:per_kecamatan + 1) + 1) % :per_kecamatan,
       v.made_at, v.made_at + interval '4 hours', 'silent', NULL, v.made_at + interval '4 hours'
  FROM visits AS v WHERE v.officer_id IS NOT NULL AND pg_temp.pick(v.id, 4, 20) = 0;

-- documents
INSERT INTO documents (kind, number, case_id, person_id, issued_on, valid_until, path, made_at)
SELECT 'iumk', 'IUMK-2026-3174-' || to_char(row_number() OVER (ORDER BY id), 'FM000000'), id, person_id,
       (moved_at AT TIME ZONE 'Asia/Jakarta')::date,
       ((moved_at AT TIME ZONE 'Asia/Jakarta') + interval '5 years')::date,
       'permits/sample.pdf', moved_at
  FROM cases WHERE state = 'done'
 ORDER BY id;

-- document_counters
INSERT INTO document_counters (kind, year, area, last)
SELECT 'iumk', 2026, '3174', count(*) FROM documents;

-- attachments
INSERT INTO attachments (person_id, channel, kind, state, content_type, size, sha256, path,
                         received_at, due_at, failures)
SELECT person_id, 'telegram', 'photo', 'stored', 'image/jpeg', 180000, hash,
       'attachments/' || substring(hash, 1, 2) || '/' || hash || '.jpg', submitted_at, submitted_at,
       0
  FROM cases, LATERAL (SELECT encode(sha256(number::bytea), 'hex') AS hash) AS content
 ORDER BY id;

-- visit_reports
INSERT INTO visit_reports (visit_id, answers, rating, made_at)
SELECT id, '{"ktp": "seen", "place": "as_described"}', 1 + pg_temp.pick(id, 5, 21), moved_at FROM visits WHERE state = 'done';

-- identities
-- A few NIK stand for many people here, so only their fingerprints are made to differ.
INSERT INTO identities (person_id, name, nik, nik_index, born_on, address, given_by_id, given_at,
                        version)
SELECT DISTINCT ON (a.person_id) a.person_id, s.identity_name, s.nik,
       CASE WHEN a.person_id <= 40 THEN s.nik_index
            ELSE substring(sha256(a.person_id::text::bytea) FROM 1 FOR 16) END,
       s.born_on, s.address, a.person_id, a.submitted_at, 1
  FROM cases AS a JOIN sealed AS s ON s.n = a.person_id % 32
 WHERE a.id % 2 = 0
 ORDER BY a.person_id;

-- identity_links
INSERT INTO identity_links (token_hash, person_id, holder_id, expires_at, used_at)
SELECT sha256(('link' || id)::bytea), person_id, person_id,
       now() + interval '1 minute' * (pg_temp.pick(id, 3 * 1440, 22)::int - 2 * 1440), NULL
  FROM cases WHERE id > :cases * 0.99;

-- consents
INSERT INTO consents (person_id, purpose, version, given_at)
SELECT person_id, :purpose, :version, spoke_at FROM conversations;

-- findings
INSERT INTO findings (case_id, "check", answers_version, outcome, reason, params, found_at)
SELECT a.id, checks.name, 1,
       CASE WHEN a.state = 'needs_fix' AND checks.n = 1 THEN 'fix_by_owner'
            WHEN a.state = 'in_review' AND checks.n = 1 THEN 'needs_a_person' ELSE 'ok' END,
       CASE WHEN a.state = 'needs_fix' AND checks.n = 1 THEN 'nik_not_16_digits'
            WHEN a.state = 'in_review' AND checks.n = 1 THEN 'photo_not_fetched' ELSE '' END,
       '{}', a.submitted_at + interval '2 seconds'
  FROM cases AS a JOIN checks
    ON checks.n <= greatest(:findings / greatest(:cases, 1), 1)
 WHERE a.state <> 'submitted'
 ORDER BY a.id, checks.n;

-- tasks
-- Done ones of a whole year, as if none had ever been tidied away.
INSERT INTO tasks (kind, subject_id, run_key, due_at, created_at, failures, done_at)
SELECT (ARRAY['verify', 'open_windows', 'offer', 'expire_offer', 'document', 'sweep', 'remind'])[1 + i % 7],
       1 + i / 7, 'done:' || i, at, at, 0, at + interval '1 second'
  FROM generate_series(1, :tasks) AS i, LATERAL (SELECT pg_temp.year(i, :tasks) AS at) AS planned;

-- tasks
INSERT INTO tasks (kind, subject_id, run_key, due_at, created_at, failures)
SELECT 'expire_offer', id, 'expire_offer:' || id || ':' || 0, expires_at, offered_at, 0
  FROM offers WHERE answer IS NULL
UNION ALL
SELECT 'offer', id, 'offer:' || id || ':' || 0, now() + interval '5 minutes', now(), 0
  FROM visits WHERE state = 'wanted'
UNION ALL
SELECT 'verify', id, 'verify:' || id || ':' || 1, now() + interval '5 minutes', now(), 0
  FROM cases WHERE state = 'submitted';

-- tasks
-- Owners who were invited to choose a window; a few wait for a free one.
INSERT INTO tasks (kind, subject_id, run_key, due_at, created_at, failures, done_at)
SELECT 'open_windows', id, 'windows:' || id || ':' || floor(extract(epoch FROM moved_at) * 1000),
       now() + interval '50 minutes', moved_at, 0,
       CASE WHEN pg_temp.pick(id, 20, 23) > 0 THEN moved_at + interval '1 second' END
  FROM cases WHERE state = 'accepted' AND moved_at > now() - interval '30 days';

-- audit
INSERT INTO audit (id, at, actor, action, subject, details)
SELECT i, pg_temp.year(i, :audit), 'person:' || 1 + pg_temp.pick(i, :people, 24), 'case.moved',
       'case:' || 1 + (i - 1) / 4, '{"from": "submitted", "to": "accepted"}'
  FROM generate_series(1, :audit) AS i;

-- inbox
INSERT INTO inbox (id, channel, provider_id, person_id, event, heard_at, taken_at, failures,
                   set_aside_at)
SELECT i, CASE WHEN told THEN 'news' ELSE 'telegram' END,
       CASE WHEN told THEN concat('in_review:', i, ':', 1, ':', who) ELSE (500000000 + i)::text END, who,
       CASE WHEN told THEN sealed.news ELSE said.event END, at,
       CASE WHEN NOT aside THEN at + interval '20 milliseconds' END, CASE WHEN aside THEN 3 ELSE 0 END,
       CASE WHEN aside THEN at + interval '1 second' END
  FROM generate_series(1, :inbox) AS i
  JOIN said ON said.n = i % (SELECT count(*) FROM said)
  JOIN sealed ON sealed.n = i % 32,
       LATERAL (SELECT pg_temp.year(i, :inbox) AS at, 1 + pg_temp.pick(i, :people, 25) AS who,
                       pg_temp.pick(i, 7, 26) = 0 AS told, pg_temp.pick(i, 50000, 27) = 0 AS aside) AS drawn;

-- outbox
INSERT INTO outbox (id, person_id, dedupe_key, message, lane, provisional, due_at, created_at, attempts,
                    sent_at, provider_id, failed_at, outcome)
SELECT i, 1 + pg_temp.pick(i, :people, 28), 'turn:' || i || ':' || 0, spoken.message,
       CASE WHEN pg_temp.pick(i, 10, 29) = 0 THEN 'notice' ELSE 'reply' END, false, at, at, 1,
       CASE WHEN NOT failed THEN at + interval '50 milliseconds' END,
       CASE WHEN NOT failed THEN i::text END, CASE WHEN failed THEN at + interval '1 second' END,
       CASE WHEN failed THEN 'unreachable' ELSE 'sent' END
  FROM generate_series(1, :outbox) AS i
  JOIN spoken ON spoken.n = i % (SELECT count(*) FROM spoken),
       LATERAL (SELECT pg_temp.year(i, :outbox) AS at, pg_temp.pick(i, 100, 30) = 0 AS failed) AS drawn;

-- link_codes
-- Owners without a case; the next owner has typed the code.
INSERT INTO link_codes (person_id, code_hash, expires_at, taken_by_id)
SELECT id, sha256(id::text::bytea), now() + interval '15 minutes', other
  FROM (SELECT id, lead(id) OVER (ORDER BY id) AS other, row_number() OVER (ORDER BY id) AS n
          FROM people
         WHERE id <= :people - :staff
           AND NOT EXISTS (SELECT FROM cases WHERE person_id = people.id)
         ORDER BY id LIMIT 200) AS pair
 WHERE n % 2 = 1 AND other IS NOT NULL;

-- unreached
-- One owner in thirty, nearly all of whom were called.
INSERT INTO unreached (person_id, case_id, area_code, reason, noted_at, called_at)
SELECT DISTINCT ON (person_id) person_id, id, area_code, 'unreachable', moved_at,
       CASE WHEN id % 300 <> 0 THEN moved_at + interval '1 day' END
  FROM cases WHERE id % 30 = 0
 ORDER BY person_id, id;

-- portraits
-- Each officer's first one is over.
INSERT INTO portraits (officer_id, state, made_at, over_at)
SELECT id, 'over', invited_at, invited_at + interval '90 days' FROM officers;

-- assisted_forms
-- At one visit in three the officer filled in the form.
INSERT INTO assisted_forms (service, officer_id, person_id, visit_id, case_id, state, way, made_at, moved_at)
SELECT 'business_permit', officer_id, host_id, id, case_id, 'sent', 'signature',
       moved_at - interval '20 minutes', moved_at
  FROM visits WHERE state = 'done' AND id % 3 = 0;

-- officer_flags
-- One form in fifty was to be looked at, and nearly all of these were.
INSERT INTO officer_flags (officer_id, area_code, kind, forms, measure, noted_at, moved_at, seen_at)
SELECT f.officer_id, v.area_code, 'quick', ARRAY[f.id], 2, f.moved_at, f.moved_at,
       CASE WHEN f.id % 5000 <> 0 THEN f.moved_at + interval '1 day' END
  FROM assisted_forms AS f JOIN visits AS v ON v.id = f.visit_id WHERE f.id % 50 = 0;

-- tickets
-- One case in fifty, nearly all of which were closed.
INSERT INTO tickets (case_id, about, told_at, answer_by, close_by, answered_at, closed_at,
                     heads_only, times, told_times)
SELECT id, 'talk', moved_at, moved_at + interval '1 day', moved_at + interval '5 days',
       moved_at + interval '2 hours',
       CASE WHEN id % 5000 <> 0 THEN moved_at + interval '1 day' END, false, 1, 1
  FROM cases WHERE id % 50 = 0;
INSERT INTO remarks (case_id, words, at)
SELECT case_id, (SELECT name FROM sealed WHERE n = 0), answered_at FROM tickets;

-- heartbeats
INSERT INTO heartbeats (name, beat_at) VALUES ('worker', now()), ('dispatcher', now());
