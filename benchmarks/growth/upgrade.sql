-- A year of the city as version 6c1f0b9d27e4 left it. The statements above the first "people" keep
-- rows of the dump of that version, which are then multiplied. `pick` is the same for the same row.

-- samples
CREATE OR REPLACE FUNCTION pg_temp.pick(i bigint, bound bigint, seed int) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(i, seed) & 9223372036854775807) % bound;

-- samples
CREATE OR REPLACE FUNCTION pg_temp.year(i bigint, of_all bigint) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN now() - interval '365 days' * (1 - i::float8 / of_all) - interval '1 minute';

-- samples
CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, event FROM inbox;

-- samples
CREATE TEMP TABLE spoken ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, message FROM outbox;

-- samples
CREATE TEMP TABLE talks ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY person_id) - 1 AS n, session, has_draft FROM conversations;

-- samples
CREATE TEMP TABLE sent ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, answers, trade_code, kelurahan_code
  FROM applications;

-- samples
CREATE TEMP TABLE codes ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, code FROM visits WHERE code IS NOT NULL;

-- samples
CREATE TEMP TABLE names ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, name FROM people WHERE name IS NOT NULL;

-- samples
TRUNCATE people, addresses, conversations, officers, officer_areas, applications, visits, offers,
  visit_reports, permits, permit_counters, attachments, findings, tasks, audit, inbox, outbox
  RESTART IDENTITY CASCADE;

-- people
INSERT INTO people (id, locale, name, created_at)
SELECT i, CASE WHEN pg_temp.pick(i, 20, 1) = 0 THEN 'en' ELSE 'id' END, names.name,
       pg_temp.year(i, :people)
  FROM generate_series(1, :people) AS i
  JOIN names ON names.n = i % (SELECT count(*) FROM names);

-- addresses
INSERT INTO addresses (id, person_id, channel, address, heard_at)
SELECT i, i, 'telegram', encode(sha256(i::text::bytea), 'base64'),
       now() - interval '1 hour' * pg_temp.pick(i, 8000, 2)
  FROM generate_series(1, :people) AS i;

-- conversations
INSERT INTO conversations (person_id, session, has_draft, spoke_at, reminded)
SELECT i, session, has_draft, now() - interval '1 hour' * pg_temp.pick(i, 8000, 2), 0
  FROM generate_series(1, :people) AS i
  JOIN talks ON talks.n = i % (SELECT count(*) FROM talks);

-- officers
INSERT INTO officers (id, role, name, badge, person_id, capacity, active, invited_at, joined_at)
SELECT i, 'officer', 'Petugas ' || i, to_char(i, 'FM0000'), i, 3, true, now(), now()
  FROM generate_series(1, 500) AS i;

-- applications
-- What was sent in the last 55 days is often still open.
INSERT INTO applications (id, number, person_id, service, state, answers, answers_version, changed,
                          trade_code, kelurahan_code, submitted_at, moved_at, failed_visits)
SELECT i, '26-' || to_char(i, 'FM0000000'), 1 + (i - 1) % :people, 'business_permit',
       CASE WHEN i > :applications - 5 THEN 'submitted'
            WHEN i <= :applications * 0.85
            THEN CASE WHEN p < 8000 THEN 'permitted' WHEN p < 8700 THEN 'rejected'
                      WHEN p < 9500 THEN 'cancelled' WHEN p < 9850 THEN 'verified'
                      ELSE 'needs_fix' END
            ELSE CASE WHEN p < 4450 THEN 'scheduled' WHEN p < 6800 THEN 'permitted'
                      WHEN p < 7300 THEN 'verified' WHEN p < 7900 THEN 'in_review'
                      WHEN p < 8700 THEN 'needs_fix' WHEN p < 9400 THEN 'rejected'
                      ELSE 'cancelled' END END,
       sent.answers, 1, NULL, sent.trade_code, sent.kelurahan_code,
       pg_temp.year(i, :applications), pg_temp.year(i, :applications), 0
  FROM generate_series(1, :applications) AS i
  JOIN sent ON sent.n = i % (SELECT count(*) FROM sent),
       LATERAL (SELECT pg_temp.pick(i, 10000, 10) AS p) AS drawn;

-- visits
-- Those that led to a permit, after some that failed or were moved, and the open ones.
INSERT INTO visits (application_id, owner_id, officer_id, state, kelurahan_code, "on", part, code,
                    code_tries, code_proved_at, failure, made_at, moved_at)
SELECT a.id, a.person_id,
       CASE WHEN made.state NOT IN ('wanted', 'unassigned')
            THEN 1 + pg_temp.pick(a.id, 500, 11) END,
       made.state, a.kelurahan_code, a.moved_at::date - made.before,
       (ARRAY['morning', 'midday', 'afternoon'])[1 + pg_temp.pick(a.id, 3, 12)], codes.code, 0,
       CASE WHEN made.state = 'handed_over' THEN a.moved_at END,
       CASE WHEN made.state = 'failed' THEN 'nobody_there' END, a.submitted_at, a.moved_at
  FROM applications AS a
  JOIN codes ON codes.n = a.id % (SELECT count(*) FROM codes)
  JOIN (VALUES ('permitted', 'failed', 3, 10, 3), ('permitted', 'cancelled', 5, 10, 5),
               ('permitted', 'handed_over', 0, 1, 0), ('scheduled', 'wanted', 0, 20, 0),
               ('scheduled', 'unassigned', 0, 20, 1), ('scheduled', 'offered', 0, 20, 2),
               ('scheduled', 'on_the_way', 0, 20, 3), ('scheduled', 'accepted', 0, 20, NULL))
       AS made (application, state, before, bound, drawn) ON made.application = a.state
   AND (pg_temp.pick(a.id, bound, 13) = made.drawn
        OR made.drawn IS NULL AND pg_temp.pick(a.id, bound, 13) > 3)
 ORDER BY a.id, made.before DESC;

-- offers
INSERT INTO offers (visit_id, officer_id, offered_at, expires_at, answer, answered_at)
SELECT id, officer_id, moved_at, moved_at + interval '4 hours',
       CASE WHEN state <> 'offered' THEN 'accepted' END,
       CASE WHEN state <> 'offered' THEN moved_at END
  FROM visits WHERE officer_id IS NOT NULL;

-- attachments
-- The owner's photo, and the officer's.
INSERT INTO attachments (id, person_id, channel, kind, state, content_type, size, sha256, path,
                         received_at, due_at, failures)
SELECT i, 1 + i % :people, 'telegram', 'photo', 'stored', 'image/jpeg', 180000, hash,
       'attachments/' || substring(hash, 1, 2) || '/' || hash || '.jpg', now(), now(), 0
  FROM generate_series(1, 2 * :applications) AS i,
       LATERAL (SELECT encode(sha256(i::text::bytea), 'hex') AS hash) AS content;

-- visit_reports
INSERT INTO visit_reports (visit_id, ktp_seen, place_as_described, photo_id, arrived_km, rating,
                           made_at)
SELECT id, true, pg_temp.pick(id, 30, 21) > 0,
       CASE WHEN pg_temp.pick(id, 3, 22) > 0 THEN :applications + application_id END, 0.05,
       1 + pg_temp.pick(id, 5, 23), moved_at
  FROM visits WHERE state = 'handed_over';

-- permits
INSERT INTO permits (number, application_id, person_id, issued_on, valid_until, path, made_at)
SELECT 'IUMK-2026-3174-' || to_char(row_number() OVER (ORDER BY id), 'FM0000000'), id, person_id,
       moved_at::date, (moved_at + interval '5 years')::date, 'permits/sample.pdf', moved_at
  FROM applications WHERE state = 'permitted'
 ORDER BY id;

-- permit_counters
INSERT INTO permit_counters (year, kota, last) SELECT 2026, '3174', count(*) FROM permits;

-- findings
INSERT INTO findings (application_id, "check", answers_version, outcome, reason, params, found_at)
SELECT a.id, 'check_' || n, 1, 'ok', '', '{}', a.submitted_at
  FROM applications AS a CROSS JOIN generate_series(1, 5) AS n WHERE a.state <> 'submitted'
 ORDER BY a.id, n;

-- tasks
INSERT INTO tasks (kind, subject_id, run_key, due_at, created_at, failures, done_at)
SELECT (ARRAY['verify', 'open_windows', 'offer', 'expire_offer', 'permit'])[1 + i % 5], 1 + i / 5,
       'done:' || i, at, at, 0, CASE WHEN i < 5 * :applications - 500 THEN at END
  FROM generate_series(1, 5 * :applications) AS i,
       LATERAL (SELECT pg_temp.year(i, 5 * :applications) AS at) AS planned;

-- audit
INSERT INTO audit (id, at, actor, action, subject, details)
SELECT i, pg_temp.year(i, 4 * :applications), 'person:' || 1 + pg_temp.pick(i, :people, 24),
       'application.moved', 'application:' || 1 + (i - 1) / 4,
       '{"from": "submitted", "to": "verified"}'
  FROM generate_series(1, 4 * :applications) AS i;

-- inbox
INSERT INTO inbox (id, channel, provider_id, person_id, event, heard_at, taken_at, failures)
SELECT i, 'telegram', (500000000 + i)::text, 1 + pg_temp.pick(i, :people, 25), said.event, at,
       CASE WHEN i < :messages - 500 THEN at END, 0
  FROM generate_series(1, :messages) AS i
  JOIN said ON said.n = i % (SELECT count(*) FROM said),
       LATERAL (SELECT pg_temp.year(i, :messages) AS at) AS drawn;

-- outbox
INSERT INTO outbox (id, person_id, dedupe_key, message, lane, provisional, due_at, created_at,
                    attempts, sent_at, outcome)
SELECT i, 1 + pg_temp.pick(i, :people, 28), 'turn:' || i || ':' || 0, spoken.message, 'reply',
       false, at, at, 1, CASE WHEN i < :messages - 500 THEN at END,
       CASE WHEN i < :messages - 500 THEN 'sent' END
  FROM generate_series(1, :messages) AS i
  JOIN spoken ON spoken.n = i % (SELECT count(*) FROM spoken),
       LATERAL (SELECT pg_temp.year(i, :messages) AS at) AS drawn;
