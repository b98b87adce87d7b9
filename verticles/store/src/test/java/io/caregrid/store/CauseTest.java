package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class CauseTest {

  @Test
  void aRefusalOfTheDatabaseIsToldByItsStateAndConstraintOnly(Room room) {
    room.sql("create table bed (patient text primary key, born text check (born < '2'))");
    room.sql("insert into bed values ('Müller^Jürgen', '1')");

    PgException twice = Room.fails(PgException.class, room.database()
        .ask("insert into bed values ('Müller^Jürgen', '1')", Tuple.tuple()));
    PgException late = Room.fails(PgException.class, room.database()
        .ask("insert into bed values ('Doe^John', '3')", Tuple.tuple()));
    PgException noNumber = Room.fails(PgException.class, room.database()
        .ask("select patient::int from bed", Tuple.tuple()));

    assertTrue(twice.getDetail().contains("Jürgen") && noNumber.toString().contains("Jürgen"), "no value is quoted");
    assertEquals("SQLSTATE 23505 constraint bed_pkey", Cause.withoutValues(twice));
    assertEquals("SQLSTATE 23514 constraint bed_born_check", Cause.withoutValues(late));
    assertEquals("SQLSTATE 22P02", Cause.withoutValues(noNumber));
    assertEquals("java.util.concurrent.CompletionException from SQLSTATE 23505 constraint bed_pkey",
        Cause.withoutValues(new CompletionException(twice)));
  }

  @Test
  void whatIsMadeForPeopleIsToldAndWhatIsNotIsNamed() {
    assertEquals("The disk is full", Cause.withoutValues(new Failure.Busy("The disk is full")));
    assertEquals("java.io.IOException: No space left", Cause.withoutValues(new IOException("No space left")));
    assertEquals("java.lang.IllegalStateException", Cause.withoutValues(new IllegalStateException("Doe^John")));
    assertTrue(Cause.andPlace(new IllegalStateException("Doe^John"))
        .matches("java.lang.IllegalStateException at=io.caregrid.store.CauseTest.*"));
    assertEquals("io.caregrid.contract.Failure$Unreadable",
        Cause.withoutValues(new Failure.Unreadable("Version 3 of Patient/p-1 cannot be read")));
    assertEquals("none", Cause.withoutValues(null));
  }
}
