package io.caregrid.perf;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * One question with one value for an answer, put to the lake and to DuckDB on NDJSON.
 *
 * @param lake   SQL on the lake's views
 * @param lines  SQL on {@code o}, the Observations as NDJSON
 * @param answer as text, computed from what was sent
 */
record LakeQuestion(String name, String lake, String lines, String answer) {

  private static final String SAMPLES = """
      (select split_part(subject.reference, '/', 2) as patient, try_cast(v as double) as value, effectivePeriod."start" as began, n
       from (select *, unnest(string_split(valueSampledData.data, ' ')) as v, generate_subscripts(string_split(valueSampledData.data, ' '), 1) as n from o) where v <> 'E')""";

  static List<LakeQuestion> of(Ward ward, int samples) {
    String patient = ward.name(0);
    String mean = "select cast(count(*) as varchar) || ' ' || cast(cast(avg(value) as decimal(12, 6)) as varchar) from ";
    return List.of(
        new LakeQuestion("mean of all", mean + "vitals", mean + SAMPLES, counted(ward, 0, ward.devices(), samples)),
        new LakeQuestion("mean of one patient", mean + "vitals where patient = '" + patient + "'",
            mean + SAMPLES + " where patient = '" + patient + "'", counted(ward, 0, 1, samples)),
        new LakeQuestion("fullest minute",
            "select max(n) from (select count(*) as n from vitals group by time_bucket(interval '1 minute', time))",
            "select max(c) from (select count(*) as c from " + SAMPLES
                + " group by time_bucket(interval '1 minute', cast(began as timestamptz) + to_seconds(n - 1)))",
            Long.toString((long) ward.devices() * Math.min(60, samples))));
  }

  String ndjson(Path file) {
    return "with o as (select * from read_json('" + file + "', format = 'newline_delimited')) " + lines;
  }

  private static String counted(Ward ward, int from, int to, int samples) {
    long count = 0;
    long sum = 0;
    for (int device = from; device < to; device++) {
      for (int second = 0; second < samples; second++) {
        sum += ward.value(device, second);
        count++;
      }
    }
    return count + " " + String.format(Locale.ROOT, "%.6f", (double) sum / count);
  }
}
