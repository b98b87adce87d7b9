package io.caregrid.analytics.export;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.ExportSnapshot;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What one kick-off asks for (Bulk Data 2.0, "Query Parameters"). Pure.
 *
 * @param level    {@code system}, {@code patient} or {@code group}
 * @param group    id of the Group, or null
 * @param since    ISO instant with its microseconds: only what was changed after it; null for everything
 * @param types    to be exported, in this order, never empty
 * @param filters  a resource of a filter's type has to be found by one of that type's filters
 * @param elements {@code element} or {@code Type.element}; empty: whole resources
 * @param patients ids of Patients outside of whom nothing is exported; empty: all of the level
 * @param notes    what was asked for and is left out, since the client is lenient
 * @param by       by what it is de-identified; null: it is not
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ExportRequest(String level, String group, String since, List<String> types, List<Filter> filters,
    List<String> elements, List<String> patients, List<String> notes, RuleBooks.Chosen by) {

  static final String SYSTEM = "system";
  static final String PATIENT = "patient";
  static final String GROUP = "group";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> FORMATS = Set.of("application/fhir+ndjson", "application/ndjson", "ndjson");
  private static final Pattern NEXT_FILTER = Pattern.compile(",(?=[A-Z][A-Za-z]*\\?)");
  private static final Pattern ELEMENT = Pattern.compile("(?:([A-Z][A-Za-z]*)\\.)?[a-z][A-Za-z]*");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9\\-.]{1,64}");
  /** Results of a search that a filter may not ask for: it selects, and nothing else. */
  private static final Set<String> NO_FILTER = Set.of("_sort", "_count", "_include", "_revinclude", "_summary",
      "_total",
      "_elements", "_contained", "_containedType", "_format", "_pretty");
  /** A search takes an instant for the whole second, or for as fine a part of it as is written. */
  private static final DateTimeFormatter MICROSECONDS = new DateTimeFormatterBuilder().appendInstant(6).toFormatter();
  private static final Set<String> SILENT = Set.of("_format", "_pretty");
  /** Whoever misspells this wants no resources as they are. */
  private static final Pattern WANTS_LESS = Pattern.compile("(?i).*(anonym|de-?ident).*");

  /** A search of one type that selects. */
  public record Filter(String type, List<Term> terms) {
    public record Term(String name, String value) {}

    List<SearchQuery.Param> params() {
      return terms.stream().map(term -> new SearchQuery.Param(term.name(), term.value())).toList();
    }
  }

  /** One parameter as it was sent, unescaped. */
  public record Param(String name, String value) {}

  /**
   * By what somebody wants it de-identified, as he says it.
   *
   * @param config name of a configuration
   * @param tag    of it, or null
   */
  public record Wish(String config, String tag) {}

  /** The same by what was chosen for it. */
  ExportRequest by(RuleBooks.Chosen chosen) {
    return new ExportRequest(level, group, since, types, filters, elements, patients, notes, chosen);
  }

  /** @throws Failure.Forbidden 403 when it would give this caller more than he may have */
  void require(Caller caller) {
    if (caller.may(Access.FHIR_EXPORT)) return;
    if (by == null)
      throw new Failure.Forbidden("your roles let you export de-identified resources only: say how, with "
          + "_anonymizationConfig=" + RuleBooks.SAFE_HARBOR + " or another configuration of this server");
    if (isNarrow())
      throw new Failure.Forbidden(
          "_typeFilter and patient can tell who is who of those that are de-identified: they need "
              + Access.FHIR_EXPORT);
  }

  /** Who asks says whose resources they are: he knows whose hash comes back. */
  boolean isNarrow() {
    return !filters.isEmpty() || !patients.isEmpty();
  }

  String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static ExportRequest read(String json) {
    try {
      return JSON.readValue(json, ExportRequest.class);
    } catch (JsonProcessingException unreadable) {
      throw new IllegalStateException("an export that was asked for cannot be read", unreadable);
    }
  }

  Instant after() {
    return since == null ? null : Instant.parse(since);
  }

  List<Filter> filters(String type) {
    return filters.stream().filter(filter -> filter.type().equals(type)).toList();
  }

  /**
   * By what it is to be de-identified; null: not at all. Never left out, however lenient the client is.
   *
   * @throws Failure.Invalid 400: that is not understood
   */
  static Wish wish(List<Param> params) {
    String config = one(params, "_anonymizationConfig");
    String tag = one(params, "_anonymizationConfigEtag");
    String collection = one(params, "_anonymizationConfigCollectionReference");
    if (collection != null && tag != null)
      throw new Failure.Invalid(
          "_anonymizationConfigCollectionReference and _anonymizationConfigEtag exclude each other");
    if (collection != null)
      throw new Failure.Invalid(
          "_anonymizationConfigCollectionReference is not supported: configurations are files of this "
              + "server, named by _anonymizationConfig alone");
    for (Param param : params) {
      boolean known = param.name().equals("_anonymizationConfig") || param.name().equals("_anonymizationConfigEtag");
      if (!known && WANTS_LESS.matcher(param.name()).matches())
        throw new Failure.Invalid("a parameter about de-identification is not known: it is _anonymizationConfig");
    }
    if (config == null && tag != null)
      throw new Failure.Invalid("_anonymizationConfigEtag needs _anonymizationConfig, the name of the configuration");
    return config == null ? null : new Wish(config, tag);
  }

  private static String one(List<Param> params, String name) {
    List<String> values = params.stream().filter(param -> param.name().equals(name)).map(Param::value).toList();
    if (values.size() > 1) throw new Failure.Invalid(name + " may stand there once");
    if (values.isEmpty()) return null;
    if (values.get(0).isBlank()) throw new Failure.Invalid(name + " is empty");
    return values.get(0).strip();
  }

  /**
   * @param posted  in a body, where alone {@code patient} may stand
   * @param lenient what is not supported is left out and noted, instead of refused
   * @throws Failure.Invalid 400, naming the parameter
   */
  static ExportRequest of(String level, String group, List<Param> params, boolean posted, boolean lenient) {
    return new Reading(level, group, posted, lenient).read(params);
  }

  /** Collects the parameters of one request. */
  private static final class Reading {
    private final String level;
    private final String group;
    private final boolean posted;
    private final boolean lenient;
    private final Set<String> possible;
    private final Set<String> types = new LinkedHashSet<>();
    private final List<Filter> filters = new ArrayList<>();
    private final List<String> elements = new ArrayList<>();
    private final Set<String> patients = new LinkedHashSet<>();
    private final List<String> notes = new ArrayList<>();
    private boolean typed;
    private String since;

    Reading(String level, String group, boolean posted, boolean lenient) {
      this.level = level;
      this.group = group;
      this.posted = posted;
      this.lenient = lenient;
      this.possible = level.equals(SYSTEM)
          ? new LinkedHashSet<>(FhirStore.types())
          : ExportSnapshot.typesOfPatients();
    }

    ExportRequest read(List<Param> params) {
      for (Param param : params) {
        switch (param.name()) {
          case "_outputFormat" -> format(param.value());
          case "_since" -> since(param.value());
          case "_type" -> types(param.value());
          case "_typeFilter" -> filters(param.value());
          case "_elements" -> elements(param.value());
          case "patient" -> patient(param.value());
          case "_anonymizationConfig", "_anonymizationConfigEtag" -> {} // a wish, that is never left out
          case "_container" -> container(params);
          default -> {
            if (!SILENT.contains(param.name())) unsupported(param.name());
          }
        }
      }
      if (typed && types.isEmpty()) throw new Failure.Invalid("_type names no resource type that can be exported here");
      for (Filter filter : List.copyOf(filters)) {
        if (typed && !types.contains(filter.type()))
          leftOut("_typeFilter has a filter of " + filter.type() + ", which _type does not name", filter);
      }
      if (!typed) types.addAll(possible);
      return new ExportRequest(level, group, since, List.copyOf(types), List.copyOf(filters), List.copyOf(elements),
          List.copyOf(patients), List.copyOf(notes), null);
    }

    private void leftOut(String why, Filter filter) {
      refuse(why);
      filters.remove(filter);
    }

    /** fhir-server asks for it where something is de-identified: then it may stand there. */
    private void container(List<Param> params) {
      if (wish(params) == null) unsupported("_container");
      else notes.add("_container says nothing here: the files lie where this manifest names them");
    }

    /** Only with {@code Prefer: handling=lenient} this returns. */
    private void refuse(String why) {
      if (!lenient)
        throw new Failure.Invalid(why + ". With Prefer: handling=lenient it would be left out");
      notes.add(why + ": it was left out");
    }

    private void unsupported(String name) {
      String shown = name.matches("[A-Za-z_\\-]{1,40}") ? name : "a parameter";
      refuse(switch (shown) {
        case "includeAssociatedData" ->
          "includeAssociatedData is not supported: Provenance is exported when _type names it, other versions than the newest never";
        default -> shown + " is not supported by this export";
      });
    }

    private void format(String value) {
      if (!FORMATS.contains(value.replace(' ', '+')))
        throw new Failure.Invalid(
            "_outputFormat is application/fhir+ndjson, application/ndjson or ndjson, nothing else");
    }

    private void since(String value) {
      try {
        since = MICROSECONDS.format(OffsetDateTime.parse(value.replace(' ', '+')).toInstant());
      } catch (DateTimeParseException unreadable) {
        throw new Failure.Invalid("_since is an instant such as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00.000+01:00");
      }
    }

    private void types(String value) {
      typed = true;
      for (String type : value.split(",")) {
        String name = type.strip();
        if (possible.contains(name)) types.add(name);
        else
          if (FhirStore.types().contains(name))
            refuse("_type names " + name + ", which is in no Patient's compartment");
          else
            refuse("_type names something that is no type this server keeps");
      }
    }

    private void filters(String value) {
      for (String each : NEXT_FILTER.split(value)) {
        int mark = each.indexOf('?');
        String type = mark < 0 ? each : each.substring(0, mark);
        if (mark < 0 || !possible.contains(type)) {
          refuse("_typeFilter is Type?parameter=value, of types that can be exported here");
          continue;
        }
        List<Filter.Term> terms = new ArrayList<>();
        for (String pair : each.substring(mark + 1).split("&")) {
          if (pair.isEmpty()) continue;
          int equals = pair.indexOf('=');
          String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
          String bare = name.split(":", 2)[0];
          if (NO_FILTER.contains(bare)) refuse("_typeFilter may not have " + bare + ": it selects, and nothing else");
          else terms.add(new Filter.Term(name, equals < 0 ? "" : decoded(pair.substring(equals + 1))));
        }
        add(new Filter(type, List.copyOf(terms)));
      }
    }

    private void add(Filter filter) {
      List<String> unknown = FhirStore.unknown(new SearchQuery(filter.type(), filter.params(), 1, "none", null));
      for (String name : unknown) refuse("_typeFilter has a search parameter that " + filter.type() + " does not have");
      filters.add(new Filter(filter.type(),
          filter.terms().stream().filter(term -> !unknown.contains(term.name())).toList()));
    }

    private static String decoded(String text) {
      try {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
      } catch (IllegalArgumentException broken) {
        throw new Failure.Invalid("_typeFilter holds a % that begins no percent-encoding");
      }
    }

    private void elements(String value) {
      for (String each : value.split(",")) {
        if (ELEMENT.matcher(each.strip()).matches()) elements.add(each.strip());
        else refuse("_elements is a list of element or Type.element, elements of the root only");
      }
    }

    private void patient(String value) {
      if (level.equals(SYSTEM) || !posted) {
        refuse("patient may be given only by POST, to Patient/$export or Group/[id]/$export");
        return;
      }
      for (String each : value.split(",")) {
        String id = each.strip().startsWith("Patient/") ? each.strip().substring("Patient/".length()) : "";
        if (!ID.matcher(id).matches()) throw new Failure.Invalid("patient is a reference such as Patient/123");
        patients.add(id);
      }
    }
  }
}
