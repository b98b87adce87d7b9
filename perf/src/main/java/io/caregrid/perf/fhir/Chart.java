package io.caregrid.perf.fhir;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import java.util.SplittableRandom;

/** What a ward's charts hold, made of a number: the same number gives the same Patient or Observation on every server, which differ in the ids they give only. */
final class Chart {
  static final String IDENTIFIERS = "https://caregrid.example/perf";
  static final String LOINC = "http://loinc.org";
  /** Each Patient's, one after the other. */
  static final int OBSERVATIONS_EACH = 100;

  /** The first is in one Observation of two, the second in one of four, and so on: the last is rare. */
  static final List<String> CODES = List.of("8867-4", "9279-1", "8310-5", "2708-6", "8480-6", "8462-4", "29463-7",
      "8302-2", "39156-5", "2339-0", "718-7", "4548-4", "2160-0", "3094-0", "2951-2", "2823-3");
  static final List<String> FAMILIES = List.of("Abendroth", "Baumeister", "Castellano", "Dalgaard", "Eriksen",
      "Fontaine", "Grabowski", "Haverkamp", "Iwamoto", "Jankowska", "Kowalczyk", "Lindqvist", "Marchetti", "Nakagawa",
      "Okonkwo", "Papadakis", "Quintero", "Rasmussen", "Szabolcs", "Tanaka", "Ulrichsen", "Vasquez", "Wojcik",
      "Xanthopoulos", "Yilmaz", "Zimmermann");
  static final List<String> GIVEN = List.of("Ada", "Bruno", "Clara", "Darius", "Elif", "Farid", "Greta", "Hiro",
      "Ines", "Jonas", "Kaja", "Leon", "Mira", "Noah", "Olga", "Pavel", "Rosa", "Samir", "Thea", "Viktor");
  private static final LocalDate FIRST_DAY = LocalDate.of(2016, 1, 1);
  private static final int DAYS = 3_650;

  private Chart() {}

  static String patient(int number) {
    SplittableRandom chance = new SplittableRandom(number);
    return "{\"resourceType\":\"Patient\",\"active\":true,\"identifier\":[{\"use\":\"official\",\"system\":\""
        + IDENTIFIERS
        + "\",\"value\":\"p-" + number + "\"}],\"name\":[{\"use\":\"official\",\"family\":\"" + one(FAMILIES, chance)
        + "\",\"given\":[\"" + one(GIVEN, chance) + "\",\"" + one(GIVEN, chance)
        + "\"]}],\"telecom\":[{\"system\":\"phone\",\"use\":\"home\",\"value\":\"555-" + (1000 + chance.nextInt(9000))
        + "\"}],\"gender\":\"" + (chance.nextBoolean() ? "female" : "male") + "\",\"birthDate\":\""
        + LocalDate.of(1930, 1, 1).plusDays(chance.nextInt(30_000)) + "\",\"address\":[{\"use\":\"home\",\"line\":[\""
        + (1 + chance.nextInt(200)) + " Main Street\"],\"city\":\"Springfield\",\"postalCode\":\""
        + (10_000 + chance.nextInt(90_000)) + "\",\"country\":\"US\"}]}";
  }

  static String observation(int number, String patient) {
    return observation(number, patient, null, 0);
  }

  /**
   * @param patient its id on this server
   * @param id      for an update, else null
   * @param later   makes another value of it
   */
  static String observation(int number, String patient, String id, int later) {
    SplittableRandom chance = new SplittableRandom(~number);
    String code = code(chance);
    LocalDateTime when = FIRST_DAY.plusDays(chance.nextInt(DAYS)).atStartOfDay().plusSeconds(chance.nextInt(86_400));
    return "{\"resourceType\":\"Observation\"," + (id == null ? "" : "\"id\":\"" + id + "\",")
        + "\"identifier\":[{\"system\":\"" + IDENTIFIERS + "\",\"value\":\"o-" + number
        + "\"}],\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":"
        + "\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"vital-signs\",\"display\":\"Vital signs\"}]}],"
        + "\"code\":{\"coding\":[{\"system\":\"" + LOINC + "\",\"code\":\"" + code + "\"}],\"text\":\"reading " + code
        + "\"},\"subject\":{\"reference\":\"Patient/" + patient + "\"},\"effectiveDateTime\":\"" + when.withNano(0)
            .format(java.time.format.DateTimeFormatter.ISO_LOCAL_DATE_TIME)
        + "Z\",\"valueQuantity\":{\"value\":" + (40 + (chance.nextInt(1_000) + later) % 1_000) / 10.0
        + ",\"unit\":\"/min\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"/min\"}}";
  }

  private static String code(SplittableRandom chance) {
    int rank = Integer.numberOfTrailingZeros(chance.nextInt() | 1 << CODES.size() - 1);
    return CODES.get(rank);
  }

  private static String one(List<String> of, SplittableRandom chance) {
    return of.get(chance.nextInt(of.size()));
  }
}
