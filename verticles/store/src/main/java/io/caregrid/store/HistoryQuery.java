package io.caregrid.store;

import java.time.Instant;

/**
 * @param count most entries on the page, 1..1000
 * @param since only versions not older than this, or null
 * @param page  token of {@link Page#next}, or null for the first page
 */
public record HistoryQuery(int count, Instant since, String page) {}
