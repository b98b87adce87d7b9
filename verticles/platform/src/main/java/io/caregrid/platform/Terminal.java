package io.caregrid.platform;

import java.io.Console;

/** Whether somebody looks at what we print, and what may be printed there. */
final class Terminal {
  private Terminal() {}

  /** Standard input and output are a terminal that understands ANSI's control sequences (ECMA-48). */
  static boolean isThere() {
    return isInteractive(System.console()) && !"dumb".equals(System.getenv("TERM"));
  }

  /** From Java 22 on there is a console even for a file, and it says so itself. */
  private static boolean isInteractive(Console console) {
    if (console == null) return false;
    if (Runtime.version().feature() < 22) return true;
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException unknown) {
      return false;
    }
  }

  /** Names of files and comments of peers come from outside: what a terminal would obey becomes a question mark. */
  static String printable(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]", "?");
  }
}
