package io.caregrid.store;

import io.vertx.core.buffer.Buffer;
import java.time.Instant;

/**
 * One version of a named mapping.
 *
 * @param version       from 1
 * @param deviceContent the text of {@code devicecontent.json}, byte for byte as it was sent; null when this version removed the name, and in lists
 * @param fhirMapping   likewise
 * @param removed       the name is gone as of this version
 * @param comment       why, as whoever changed it said; may be empty
 * @param by            who changed it; {@code issuer} vouches for him, null when nobody does
 * @param at            when, by the database's clock
 * @param hash          of both texts, 16 hex digits; null when this version removed the name
 * @param restores      the version whose content this one brought back; null when it is new
 */
public record MappingVersion(String name, int version, Buffer deviceContent, Buffer fhirMapping, boolean removed,
    String comment, String by, String issuer, Instant at, Integer restores, String hash) {}
