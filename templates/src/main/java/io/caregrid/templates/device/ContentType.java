package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;

/**
 * A further type of content template, for messages that no expression can read. Found on the class path by {@link java.util.ServiceLoader}: name the class in
 * {@code META-INF/services/io.caregrid.templates.device.ContentType}. The house's own types cannot be replaced.
 */
public interface ContentType {
  /** What a mapping writes as {@code templateType}; case does not matter. */
  String templateType();

  /**
   * Reads one template, when a mapping is loaded.
   *
   * @param template the value of its member {@code template}
   * @throws IllegalArgumentException when it is wrong: a sentence for its author, told with the template's line and column
   */
  Content read(JsonNode template);

  /** One template of a loaded mapping. Immutable, safe for any number of threads, and quick: nothing bounds it. */
  interface Content {
    /** The type of its measurements. */
    String type();

    /** Names of the values they may have. */
    List<String> values();

    /**
     * The measurements of one message; none when the message is not for it. No I/O and no clock: a message may come twice, and gives the same.
     *
     * @param message    {@code {Body, Properties, SystemProperties}}; not to be changed
     * @param ingestedAt the log's timestamp, UTC
     * @throws IllegalArgumentException when the message cannot be read: why, without its values. It is set aside with reason {@code unreadable-content}
     */
    List<Measurement> measurements(JsonNode message, Instant ingestedAt);
  }
}
