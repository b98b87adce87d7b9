package io.caregrid.api;

import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.util.Set;
import java.util.TreeSet;

/** Which verbs an address takes, read off the router's own table: Vert.x fills in Allow only when nobody else answers the 405. TYPE in a route's name is a resource type. */
public final class Allowed {
  private Allowed() {}

  /** @return e.g. {@code GET, POST}; empty when no route names this path */
  public static String verbs(Router router, String path) {
    Set<String> verbs = new TreeSet<>();
    for (Route route : router.getRoutes()) {
      String pattern = route.getPath() != null ? route.getPath() : route.getName();
      if (route.methods() != null && pattern != null && matches(pattern, path)) {
        route.methods().stream().map(HttpMethod::name).forEach(verbs::add);
      }
    }
    return String.join(", ", verbs);
  }

  private static boolean matches(String pattern, String path) {
    String[] wanted = pattern.split("/");
    String[] given = path.split("/");
    if (wanted.length != given.length) return false;
    boolean fhir = path.startsWith("/fhir/"); // where these are operations and interactions, and no ids
    for (int i = 0; i < wanted.length; i++) {
      boolean any = wanted[i].startsWith(":") && !(fhir && given[i].matches("[$_].*"))
          || wanted[i].equals("TYPE") && !given[i].isEmpty() && Character.isUpperCase(given[i].charAt(0));
      if (!any && !wanted[i].equals(given[i])) return false;
    }
    return true;
  }
}
