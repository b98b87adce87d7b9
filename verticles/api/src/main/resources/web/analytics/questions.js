// Questions that show what can be asked; each works on the demo's ward.

export const QUESTIONS = [
  {title: 'Vitals of each patient, last hour', sql: `SELECT p.family, p.given, v.type, count(*) AS samples, round(avg(v.value), 1) AS mean, min(v.value) AS lowest, max(v.value) AS highest, any_value(v.unit) AS unit
FROM vitals v
JOIN patients p ON p.id = v.patient
WHERE v.time > now() - INTERVAL 1 HOUR
GROUP BY ALL
ORDER BY family, given, type`},
  {title: 'Heart rate of Maria Keller, minute by minute', sql: `SELECT time_bucket(INTERVAL 1 MINUTE, v.time) AS minute, round(avg(v.value), 1) AS heart_rate
FROM vitals v
JOIN patients p ON p.id = v.patient
WHERE p.family = 'Keller' AND v.code = '8867-4' AND v.time > now() - INTERVAL 6 HOURS
GROUP BY minute
ORDER BY minute`},
  {title: 'Blood pressure trend, quarter of an hour', sql: `SELECT time_bucket(INTERVAL 15 MINUTES, v.time) AS quarter,
  CASE v.code WHEN '8480-6' THEN 'systolic' ELSE 'diastolic' END AS pressure, round(avg(v.value), 1) AS mmHg
FROM vitals v
JOIN patients p ON p.id = v.patient
WHERE p.family = 'Keller' AND v.code IN ('8480-6', '8462-4')
GROUP BY ALL
ORDER BY quarter`},
  {title: 'Who is warmest today, and who has fever?', sql: `SELECT p.family, p.given, p.birth_date, max(v.value) AS highest, max(v.value) >= 38 AS fever,
  min(v.time) FILTER (WHERE v.value >= 38) AS fever_since, arg_max(v.value, v.time) AS latest
FROM vitals v
JOIN patients p ON p.id = v.patient
WHERE v.code = '8310-5' AND v.time > now() - INTERVAL 24 HOURS
GROUP BY ALL
ORDER BY highest DESC`},
  {title: 'Who had a CT, and how fast did the heart go afterwards?', sql: `SELECT p.family, p.given, s.description, s.modalities, s.started, s.instances AS images,
  round(avg(v.value), 1) AS mean_heart_rate, max(v.value) AS highest
FROM imaging_studies s
JOIN patients p ON p.id = s.patient_id
JOIN vitals v ON v.patient = p.id AND v.code = '8867-4' AND v.time > now() - INTERVAL 6 HOURS
WHERE list_contains(s.modalities, 'CT')
GROUP BY ALL
ORDER BY s.started DESC`},
  {title: 'How fresh is it? Newest sample of each device', sql: `SELECT device, max(time) AS newest, count(*) AS samples
FROM vitals
GROUP BY device
ORDER BY newest DESC`},
  {title: 'Patients as FHIR has them, a name a row', sql: `SELECT p.id, n.use, n.family, array_to_string(n.given, ' ') AS given, p.gender, p.birthDate
FROM Patient p, unnest(p.name) AS t(n)
ORDER BY n.family
LIMIT 100`},
  {title: 'What was written last: every version, deletions too', sql: `SELECT id, lake_version AS version, lake_at AS written, lake_deleted AS deleted, status, code.text AS what, subject.reference AS patient
FROM Observation_history
ORDER BY lake_at DESC
LIMIT 100`},
  {title: 'Columns of a table', sql: 'DESCRIBE vitals'},
];
