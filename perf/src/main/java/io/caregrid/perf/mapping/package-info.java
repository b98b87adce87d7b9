/**
 * What normalising costs on one core: our device mappings beside the same work written fairly on stock libraries (Jayway's JsonPath and jmespath-jackson),
 * expressions compiled beforehand in both.
 *
 * <p>Start at {@link io.caregrid.perf.mapping.MappingBenchmark}. The one invariant: both sides start from the same bytes or the same tree and give equal
 * measurements, which is checked before anything is measured.
 *
 * <p>Never here: Kafka, HTTP, the store.
 */
package io.caregrid.perf.mapping;
