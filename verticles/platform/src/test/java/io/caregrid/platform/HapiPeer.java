package io.caregrid.platform;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.interceptor.api.Hook;
import ca.uhn.fhir.interceptor.api.Interceptor;
import ca.uhn.fhir.interceptor.api.Pointcut;
import ca.uhn.fhir.rest.annotation.IdParam;
import ca.uhn.fhir.rest.annotation.Read;
import ca.uhn.fhir.rest.annotation.RequiredParam;
import ca.uhn.fhir.rest.annotation.ResourceParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.annotation.Transaction;
import ca.uhn.fhir.rest.annotation.TransactionParam;
import ca.uhn.fhir.rest.annotation.Update;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.param.TokenParam;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletResponse;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Device;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Identifier;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Resource;

/** A FHIR server that is not ours: HAPI's RestfulServer on Jetty, with shelves in memory. It lets in who brings a token that the given keys signed, made for it, and still good. */
final class HapiPeer implements AutoCloseable {
  static final String AUDIENCE = "remote-fhir";
  private static final FhirContext R4 = FhirContext.forR4();
  private static final ObjectMapper JSON = new ObjectMapper();
  static final long LEEWAY_SECONDS = 15;
  private static final long LONGEST_HANG = TimeUnit.SECONDS.toNanos(60);

  final Shelf<Observation> observations = new Shelf<>(Observation.class, Observation::getIdentifier);
  final Shelf<Patient> patients = new Shelf<>(Patient.class, Patient::getIdentifier);
  final Shelf<Device> devices = new Shelf<>(Device.class, Device::getIdentifier);
  final Set<String> tokens = ConcurrentHashMap.newKeySet();
  /** 0: it answers; 429, 500, or 1: it never does. */
  volatile int fault;
  volatile int refused;
  /** Bundles of more than one that were taken. */
  final AtomicInteger batches = new AtomicInteger();
  private final String keys;
  private final String issuer;
  private Server jetty;
  private int port;

  /** @param issuer of the tokens; its keys stand at {@code keys} */
  HapiPeer(String issuer, String keys) throws Exception {
    this.issuer = issuer;
    this.keys = keys;
    open();
  }

  void open() throws Exception {
    RestfulServer hapi = new RestfulServer(R4);
    hapi.setResourceProviders(observations, patients, devices);
    hapi.setPlainProviders(new Batches());
    hapi.registerInterceptor(new Doorman());
    jetty = new Server(new InetSocketAddress("127.0.0.1", port));
    ServletContextHandler context = new ServletContextHandler("/");
    Filter faults = (request, response, chain) -> {
      int now = fault;
      if (now == 0) {
        chain.doFilter(request, response);
        return;
      }
      if (now == 1) hang(() -> fault == 1);
      HttpServletResponse answer = (HttpServletResponse) response;
      if (now == 429) answer.setHeader("Retry-After", "2");
      answer.setStatus(now == 1 ? 500 : now);
    };
    context.addFilter(new FilterHolder(faults), "/*", EnumSet.of(DispatcherType.REQUEST));
    context.addServlet(new ServletHolder(hapi), "/fhir/*");
    jetty.setHandler(context);
    jetty.start();
    port = ((ServerConnector) jetty.getConnectors()[0]).getLocalPort();
  }

  void stop() throws Exception {
    jetty.stop();
  }

  String url() {
    return "http://127.0.0.1:" + port + "/fhir";
  }

  private static void hang(java.util.function.BooleanSupplier while_) {
    long deadline = System.nanoTime() + LONGEST_HANG;
    while (while_.getAsBoolean() && System.nanoTime() < deadline) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException stopped) {
        return;
      }
    }
  }

  /** Versions of resources, with their preconditions. HAPI calls its public methods. */
  public static final class Shelf<R extends Resource> implements IResourceProvider {
    private final Class<R> type;
    private final Function<R, List<Identifier>> identifiers;
    private final Map<String, List<R>> kept = new TreeMap<>();
    /** What is put is kept, and its answer held back as long. */
    volatile boolean swallows;

    Shelf(Class<R> type, Function<R, List<Identifier>> identifiers) {
      this.type = type;
      this.identifiers = identifiers;
    }

    @Override
    public Class<R> getResourceType() {
      return type;
    }

    @Read
    public synchronized R read(@IdParam IdType id) {
      List<R> versions = kept.get(id.getIdPart());
      if (versions == null || versions.isEmpty()) throw new ResourceNotFoundException(id);
      return versions.get(versions.size() - 1);
    }

    @Search
    public synchronized List<IBaseResource> search(@RequiredParam(name = "identifier") TokenParam token) {
      List<IBaseResource> found = new ArrayList<>();
      for (R one : all())
        if (identifiers.apply(one)
            .stream()
            .anyMatch(identifier -> token.getValue().equals(identifier.getValue())
                && (token.getSystem() == null || token.getSystem().equals(identifier.getSystem()))))
          found.add(one);
      return found;
    }

    @Update
    public MethodOutcome update(@ResourceParam R resource, @IdParam IdType id, RequestDetails request) {
      boolean created = put(resource, id.getIdPart(), request.getHeader("If-Match"),
          request.getHeader("If-None-Match"));
      if (swallows) hang(() -> swallows);
      return new MethodOutcome(resource.getIdElement(), created).setResource(resource);
    }

    synchronized boolean put(R resource, String id, String match, String noneMatch) {
      List<R> versions = kept.computeIfAbsent(id, first -> new ArrayList<>());
      boolean created = versions.isEmpty();
      String current = "W/\"" + versions.size() + "\"";
      if (noneMatch != null && !created || match != null && !match.equals(current))
        throw new PreconditionFailedException("it is at " + current);
      String next = Integer.toString(versions.size() + 1);
      resource.setId(new IdType(type.getSimpleName(), id, next));
      resource.getMeta().setVersionId(next).setLastUpdated(new Date());
      versions.add(resource);
      return created;
    }

    /** Those that are current. */
    synchronized List<R> all() {
      return kept.values()
          .stream()
          .filter(versions -> !versions.isEmpty())
          .map(versions -> versions.get(versions.size() - 1))
          .toList();
    }

    synchronized int versions() {
      return kept.values().stream().mapToInt(List::size).sum();
    }
  }

  /** Bundles of type batch, of Observations that are put. HAPI calls its public methods. */
  public final class Batches {
    @Transaction
    public Bundle batch(@TransactionParam Bundle batch) {
      Bundle answer = new Bundle().setType(Bundle.BundleType.BATCHRESPONSE);
      for (Bundle.BundleEntryComponent entry : batch.getEntry()) {
        Bundle.BundleEntryResponseComponent response = answer.addEntry().getResponse();
        try {
          boolean created = observations.put((Observation) entry.getResource(),
              new IdType(entry.getRequest().getUrl()).getIdPart(), entry.getRequest().getIfMatch(),
              entry.getRequest().getIfNoneMatch());
          response.setStatus(created ? "201 Created" : "200 OK")
              .setEtag("W/\"" + entry.getResource().getMeta().getVersionId() + "\"");
        } catch (PreconditionFailedException late) {
          response.setStatus("412 Precondition Failed");
        }
      }
      if (batch.getEntry().size() > 1) batches.incrementAndGet();
      return answer;
    }
  }

  /** HAPI calls its public methods. */
  @Interceptor
  public final class Doorman {
    @Hook(Pointcut.SERVER_INCOMING_REQUEST_PRE_HANDLED)
    public void look(RequestDetails request) {
      String header = request.getHeader("Authorization");
      if (header != null && header.startsWith("Bearer ") && isGood(header.substring(7))) return;
      refused++;
      throw new AuthenticationException("no good token");
    }
  }

  /** RS256 by a key of the issuer's (RFC 7515), made for us, not ended (RFC 7519 4.1.4 allows for clocks; here for requests that a busy machine holds up). */
  private boolean isGood(String token) {
    try {
      String[] parts = token.split("\\.");
      JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initVerify(key(JSON.readTree(Base64.getUrlDecoder().decode(parts[0])).path("kid").asText()));
      signature.update((parts[0] + "." + parts[1]).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      boolean good = signature.verify(Base64.getUrlDecoder().decode(parts[2]))
          && claims.path("iss").asText().equals(issuer) && claims.path("aud").toString().contains(AUDIENCE)
          && claims.path("exp").asLong() > System.currentTimeMillis() / 1_000 - LEEWAY_SECONDS;
      if (good) tokens.add(token);
      return good;
    } catch (Exception none) {
      return false;
    }
  }

  private PublicKey key(String id) throws Exception {
    for (JsonNode key : TestNode.json(keys).path("keys"))
      if (key.path("kid").asText().equals(id))
        return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(number(key, "n"), number(key, "e")));
    throw new IllegalArgumentException("no such key");
  }

  private static BigInteger number(JsonNode key, String name) {
    return new BigInteger(1, Base64.getUrlDecoder().decode(key.path(name).asText()));
  }

  @Override
  public void close() throws Exception {
    fault = 0;
    observations.swallows = false;
    jetty.stop();
  }
}
