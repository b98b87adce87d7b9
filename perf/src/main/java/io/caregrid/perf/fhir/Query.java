package io.caregrid.perf.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A search, twenty to the page, for something that chance chooses. */
final class Query implements Workload {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PAGE = "&_count=20";
  /** A Patient has 50 of the first code, and of the eighth one in two or three has one. */
  private static final int COMMON = 8;
  /** All of them: among many Observations the last is still rare, which is what tempts a planner. */
  private static final int RARE = Chart.CODES.size();

  /** What to ask for; {@code people} is how many Patients every server has. */
  interface Asking {
    String path(Ward ward, int people, Random chance);
  }

  private final String name;
  private final int people;
  private final Asking asking;

  private Query(String name, int people, Asking asking) {
    this.name = name;
    this.people = people;
    this.asking = asking;
  }

  /** @param people how many Patients every server has at least: only those are asked for by their ids */
  static List<Query> all(int people) {
    return List.of(
        new Query("search-code", people,
            (ward, many, chance) -> "/Observation?patient=" + patient(ward, many, chance) + "&code="
                + code(chance, COMMON)),
        new Query("search-sort", people,
            (ward, many, chance) -> "/Observation?patient=" + patient(ward, many, chance) + "&_sort=-date"),
        new Query("search-sort-all", people,
            (ward, many, chance) -> "/Observation?code=" + code(chance, RARE) + "&_sort=-date"),
        new Query("search-has", people,
            (ward, many, chance) -> "/Patient?_has:Observation:patient:code=" + code(chance, RARE)),
        new Query("search-identifier", people,
            (ward, many, chance) -> "/Patient?identifier=" + escaped(Chart.IDENTIFIERS) + "%7Cp-"
                + chance.nextInt(many)),
        new Query("search-name", people, (ward, many, chance) -> "/Patient?name="
            + Chart.FAMILIES.get(chance.nextInt(Chart.FAMILIES.size())).substring(0, 4)));
  }

  private static String patient(Ward ward, int people, Random chance) {
    return ward.patients().get(chance.nextInt(people));
  }

  private static String code(Random chance, int of) {
    return escaped(Chart.LOINC) + "%7C" + Chart.CODES.get(chance.nextInt(of));
  }

  private static String escaped(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean writes() {
    return false;
  }

  @Override
  public String unit() {
    return "searches";
  }

  @Override
  public Turn turn(Server server, Ward ward) {
    return (connection, connections, chance) -> tally -> {
      tally.ask("GET", path(ward, chance), null, 200);
      return true;
    };
  }

  private String path(Ward ward, Random chance) {
    return asking.path(ward, people, chance) + PAGE;
  }

  /**
   * Asks every server the same and compares what comes: how many there are on the page and, where it is sorted, their dates. Servers that hold the same must find
   * the same.
   *
   * @return what differs, a line each
   */
  List<String> differences(List<Server> servers, List<Ward> wards, int probes) throws IOException {
    List<String> differences = new ArrayList<>();
    boolean found = false;
    for (int probe = 0; probe < probes; probe++) {
      String first = null;
      for (int i = 0; i < servers.size(); i++) {
        String path = path(wards.get(i), new Random(probe));
        String page = page(servers.get(i), path);
        if (first == null) first = page;
        found |= !page.startsWith("0");
        if (!first.equals(page))
          differences
              .add(path + ": " + servers.get(0).name() + " finds " + first + ", " + servers.get(i).name() + " " + page);
      }
    }
    if (!found) differences.add(name + " found nothing, however often it was asked");
    return differences;
  }

  private String page(Server server, String path) throws IOException {
    try (Wire wire = new Wire(server.base())) {
      Wire.Answer answer = wire.get(path);
      if (answer.status() != 200) return "nothing, it answers " + answer.status();
      List<String> dates = new ArrayList<>();
      for (JsonNode entry : JSON.readTree(answer.body()).path("entry"))
        dates.add(
            name.startsWith("search-sort") ? moment(entry.path("resource").path("effectiveDateTime").asText()) : "");
      return dates.size() + String.join(" ", dates);
    }
  }

  /** Synthea's have an offset. */
  private static String moment(String dateTime) {
    return dateTime.isEmpty() ? " none" : " " + java.time.OffsetDateTime.parse(dateTime).toInstant();
  }
}
