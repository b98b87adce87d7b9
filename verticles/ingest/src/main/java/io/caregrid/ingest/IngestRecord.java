package io.caregrid.ingest;

import io.caregrid.templates.sets.MappingMark;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;

/**
 * One message on its way into the log.
 *
 * @param topic   where to; null for {@code devicedata}
 * @param key     null for none: then its partition is chosen by who sends it
 * @param value   UTF-8 JSON
 * @param headers what templates see as {@code Properties}, and {@link #MAPPING}
 */
record IngestRecord(String topic, byte[] key, byte[] value, List<Header> headers) {

  static final String MAPPING = MappingMark.NAME_HEADER;
  /** The names of CloudEvents' attributes (CloudEvents 1.0.2, "Naming conventions"). */
  static final Pattern ATTRIBUTE = Pattern.compile("[a-z0-9]{1,64}");

  /** What it weighs in memory, headers included. */
  int bytes() {
    int bytes = value.length + (key == null ? 0 : key.length);
    for (Header header : headers)
      bytes += header.key().length() + (header.value() == null ? 0 : header.value().length);
    return bytes;
  }
}
