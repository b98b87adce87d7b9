package io.caregrid.store;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * One page of an answer.
 *
 * @param entries in order
 * @param total   when it was asked for and is known
 * @param next    opaque token for the next page, null at the end
 * @param unreadable what would be among the entries, for all that is known, if its body could be read
 * @param patients whose data the entries are, {@code Patient/id} each once
 * @param included what {@code _include} and {@code _revinclude} add, in no order
 * @param notes    what the client should know about the answer, a sentence each
 */
public record Page(List<Stored> entries, OptionalLong total, String next, List<Stored> unreadable,
    List<String> patients, List<Stored> included, List<String> notes) {

  public Page {
    unreadable = List.copyOf(unreadable);
    patients = List.copyOf(patients);
    included = List.copyOf(included);
    notes = List.copyOf(notes);
  }

  public Page(List<Stored> entries, OptionalLong total, String next, List<Stored> unreadable, List<String> patients) {
    this(entries, total, next, unreadable, patients, List.of(), List.of());
  }

  Page noting(String note) {
    List<String> all = new ArrayList<>(notes);
    all.add(note);
    return new Page(entries, total, next, unreadable, patients, included, all);
  }
}
