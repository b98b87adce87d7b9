package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.DeltaLog;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.analytics.lake.vitals.Samples;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All tables of a lake.
 *
 * @param resources by resource type
 * @param vitals    the samples of Observations
 */
public record Catalogue(Map<String, KeyedTable> resources, KeyedTable vitals) {
  private static final String FHIR = "fhir/";
  /**
   * The resource types the lake has tables of. The store keeps all of R4's; each type is two tables here, with files, views and work of their own from the
   * first start on, so the others come when tables are made with their first row.
   */
  public static final List<String> TYPES = List.of("Patient", "Device", "Observation", "ImagingStudy", "Endpoint");

  /** Takes a second when it is the first: the schemas are made. */
  public static Catalogue of(ObjectStore store) {
    Map<String, KeyedTable> resources = new LinkedHashMap<>();
    for (String type : TYPES) {
      FhirSchema schema = FhirSchema.of(type);
      resources.put(type, new KeyedTable(Part.of(store, FHIR + type, schema.current()),
          Part.of(store, FHIR + schema.history().name(), schema.history()), true));
    }
    return new Catalogue(resources, new KeyedTable(Part.of(store, FHIR + Samples.STATE.name(), Samples.STATE),
        Part.of(store, "_lake/log/" + Samples.STATE.name(), Samples.LOG), false));
  }

  public List<KeyedTable> all() {
    List<KeyedTable> all = new ArrayList<>(resources.values());
    all.add(vitals);
    return all;
  }

  /** The Delta tables by folder. */
  public Map<String, DeltaLog> logs() {
    Map<String, DeltaLog> logs = new LinkedHashMap<>();
    for (KeyedTable table : all()) {
      logs.put(table.log().folder(), table.log().versions());
      logs.put(table.state().folder(), table.state().versions());
    }
    return logs;
  }
}
