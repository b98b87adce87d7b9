package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test that searches a {@link FilledStore}. */
@ExtendWith(FilledStore.Key.class)
abstract class Searching {
  Room room;
  FhirStore store;
  private FilledStore filled;

  @BeforeEach
  void open(FilledStore filled) {
    this.filled = filled;
    room = filled.room;
    store = filled.fhir;
  }

  void put(String type, String id, String fields) {
    filled.put(type, id, fields);
  }

  static SearchQuery query(String text, int count, String total, String page) {
    String type = text.substring(0, text.indexOf('?'));
    List<SearchQuery.Param> params = Arrays.stream(text.substring(type.length() + 1).split("&"))
        .filter(pair -> !pair.isEmpty())
        .map(pair -> new SearchQuery.Param(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1)))
        .toList();
    return new SearchQuery(type, params, count, total, page);
  }

  static String ids(Page page) {
    return page.entries().stream().map(Stored::id).collect(Collectors.joining(" "));
  }

  String found(String text) {
    return ids(get(store.search(CALLER, query(text, 100, "none", null))));
  }

  String included(String text) {
    Page page = get(store.search(CALLER, query(text, 100, "none", null)));
    return page.included().stream().map(one -> one.type() + "/" + one.id()).sorted().collect(Collectors.joining(" "));
  }
}
