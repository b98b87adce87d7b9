package io.caregrid.dicom.ul;

import java.util.EnumMap;
import java.util.Map;

/** PS3.8 table 9-10, as it is printed: a row an event, a column a state, a dot where nothing of the kind can happen. */
final class StateTable {
  // @formatter:off
  private static final String TABLE = """
      .      Sta1  Sta2  Sta3  Sta4  Sta5  Sta6  Sta7  Sta8  Sta9  Sta10 Sta11 Sta12 Sta13
      Evt1   AE-1  .     .     .     .     .     .     .     .     .     .     .     .
      Evt2   .     .     .     AE-2  .     .     .     .     .     .     .     .     .
      Evt3   .     AA-1  AA-8  .     AE-3  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
      Evt4   .     AA-1  AA-8  .     AE-4  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
      Evt5   AE-5  .     .     .     .     .     .     .     .     .     .     .     .
      Evt6   .     AE-6  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
      Evt7   .     .     AE-7  .     .     .     .     .     .     .     .     .     .
      Evt8   .     .     AE-8  .     .     .     .     .     .     .     .     .     .
      Evt9   .     .     .     .     .     DT-1  .     AR-7  .     .     .     .     .
      Evt10  .     AA-1  AA-8  .     AA-8  DT-2  AR-6  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
      Evt11  .     .     .     .     .     AR-1  .     .     .     .     .     .     .
      Evt12  .     AA-1  AA-8  .     AA-8  AR-2  AR-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
      Evt13  .     AA-1  AA-8  .     AA-8  AA-8  AR-3  AA-8  AA-8  AR-10 AR-3  AA-8  AA-6
      Evt14  .     .     .     .     .     .     .     AR-4  AR-9  .     .     AR-4  .
      Evt15  .     .     AA-1  AA-2  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  .
      Evt16  .     AA-2  AA-3  .     AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-2
      Evt17  .     AA-5  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AR-5
      Evt18  .     AA-2  .     .     .     .     .     .     .     .     .     .     AA-2
      Evt19  .     AA-1  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
      """;
  // @formatter:on
  private static final Map<Event, Action[]> ROWS = rows();

  private StateTable() {}

  /** What to do; null for a blank cell. */
  static Action action(State state, Event event) {
    return ROWS.get(event)[state.ordinal()];
  }

  private static Map<Event, Action[]> rows() {
    Map<Event, Action[]> rows = new EnumMap<>(Event.class);
    TABLE.lines().skip(1).map(line -> line.strip().split(" +")).forEach(cells -> {
      Action[] row = new Action[State.values().length];
      for (int state = 0; state < row.length; state++) row[state] = named(cells[state + 1]);
      rows.put(Event.valueOf(cells[0].toUpperCase()), row);
    });
    return rows;
  }

  private static Action named(String cell) {
    return cell.equals(".") ? null : Action.valueOf(cell.replace('-', '_'));
  }
}
