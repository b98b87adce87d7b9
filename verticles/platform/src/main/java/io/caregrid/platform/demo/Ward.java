package io.caregrid.platform.demo;

import io.caregrid.platform.demo.Bed.Story;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

/** Who lies where. Names are put together from two lists, births from a formula; two of the fifty have a story. */
public final class Ward {
  private static final List<String> WOMEN = List.of("Ada", "Beatriz", "Chiara", "Doris", "Elif", "Freya", "Greta",
      "Hanna", "Ingrid", "Jana",
      "Katja", "Lucía", "Mira", "Nora", "Olga", "Petra", "Rosa", "Sofia", "Tilda", "Ursula", "Vera", "Wanda", "Yara",
      "Zoe", "Amina");
  private static final List<String> MEN = List.of("Anton", "Bruno", "Carlos", "Dario", "Emil", "Farid", "Georg",
      "Henrik", "Igor", "Jonas",
      "Karl", "Leo", "Marek", "Nils", "Oskar", "Paul", "Rashid", "Stefan", "Theo", "Uwe", "Viktor", "Walter", "Yusuf",
      "Zoran", "Aldo");
  private static final List<String> FAMILIES = List.of("Probst", "Musterfrau", "Testa", "Beispiel", "Nowhere",
      "Specimen", "Prueba",
      "Voorbeeld", "Exempel", "Próba", "Deneme", "Esempio", "Sample", "Dummett", "Platzhalter", "Muster", "Ficta",
      "Imagine", "Fantôme",
      "Erfunden", "Simula", "Trial", "Utkast", "Skizze", "Modell");
  private static final int SIZE = 50;

  private Ward() {}

  /** All fifty, in order of their numbers. */
  public static List<Bed> beds() {
    List<Bed> beds = new ArrayList<>();
    for (int number = 1; number <= SIZE; number++) beds.add(bed(number));
    return List.copyOf(beds);
  }

  private static Bed bed(int number) {
    if (number == 7) return new Bed(7, "Maria", "Keller", "female", LocalDate.of(1958, 3, 14), Story.SEPSIS);
    if (number == 12) return new Bed(12, "Tomás", "Ferreira", "male", LocalDate.of(1951, 11, 2), Story.COPD);
    boolean woman = number % 2 == 0;
    String given = (woman ? WOMEN : MEN).get((number - 1) / 2);
    String family = FAMILIES.get(number * 7 % FAMILIES.size());
    LocalDate born = LocalDate.of(1935 + number * 13 % 60, 1 + number * 5 % 12, 1 + number * 11 % 28);
    return new Bed(number, given, family, woman ? "female" : "male", born, Story.STEADY);
  }
}
