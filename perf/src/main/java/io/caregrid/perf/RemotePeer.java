package io.caregrid.perf;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.annotation.IdParam;
import ca.uhn.fhir.rest.annotation.Read;
import ca.uhn.fhir.rest.annotation.RequiredParam;
import ca.uhn.fhir.rest.annotation.ResourceParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.annotation.Update;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.param.TokenParam;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.r4.model.Device;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Identifier;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Resource;

/** A FHIR server that is not ours: HAPI's RestfulServer on Jetty, in the driver's process, with shelves in memory that heed preconditions. */
final class RemotePeer implements AutoCloseable {
  final Shelf<Observation> observations = new Shelf<>(Observation.class, Observation::getIdentifier);
  final Shelf<Patient> patients = new Shelf<>(Patient.class, Patient::getIdentifier);
  final Shelf<Device> devices = new Shelf<>(Device.class, Device::getIdentifier);
  private final Server jetty = new Server(new InetSocketAddress("127.0.0.1", 0));

  RemotePeer() throws Exception {
    RestfulServer hapi = new RestfulServer(FhirContext.forR4Cached());
    hapi.setResourceProviders(observations, patients, devices);
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServlet(new ServletHolder(hapi), "/fhir/*");
    jetty.setHandler(context);
    jetty.start();
  }

  String url() {
    return "http://127.0.0.1:" + ((ServerConnector) jetty.getConnectors()[0]).getLocalPort() + "/fhir";
  }

  /** Whose readings they are, under ids of this server's own. */
  void knows(Ward ward) {
    for (int n = 0; n < ward.devices(); n++) {
      Patient patient = new Patient();
      patient.addIdentifier().setValue(ward.name(n));
      patients.put(patient, "p" + n, null, null);
      Device device = new Device();
      device.addIdentifier().setValue(ward.name(n));
      devices.put(device, "d" + n, null, null);
    }
  }

  /** The current version of each resource. HAPI calls its public methods. */
  public static final class Shelf<R extends Resource> implements IResourceProvider {
    private final Class<R> type;
    private final Function<R, List<Identifier>> identifiers;
    private final Map<String, R> kept = new ConcurrentHashMap<>();
    private final Map<String, String> byValue = new ConcurrentHashMap<>();
    final AtomicInteger puts = new AtomicInteger();

    private Shelf(Class<R> type, Function<R, List<Identifier>> identifiers) {
      this.type = type;
      this.identifiers = identifiers;
    }

    @Override
    public Class<R> getResourceType() {
      return type;
    }

    @Read
    public R read(@IdParam IdType id) {
      R one = kept.get(id.getIdPart());
      if (one == null) throw new ResourceNotFoundException(id);
      return one;
    }

    @Search
    public List<R> search(@RequiredParam(name = "identifier") TokenParam token) {
      String id = byValue.get(token.getValue());
      return id == null ? List.of() : List.of(kept.get(id));
    }

    @Update
    public MethodOutcome update(@ResourceParam R resource, @IdParam IdType id, RequestDetails request) {
      boolean created = put(resource, id.getIdPart(), request.getHeader("If-Match"),
          request.getHeader("If-None-Match"));
      return new MethodOutcome(resource.getIdElement(), created).setResource(resource);
    }

    /** @return whether it was not there */
    synchronized boolean put(R resource, String id, String match, String noneMatch) {
      R there = kept.get(id);
      String current = there == null ? "W/\"0\"" : "W/\"" + there.getMeta().getVersionId() + "\"";
      if (noneMatch != null && there != null || match != null && !match.equals(current))
        throw new PreconditionFailedException("it is at " + current);
      String next = Integer.toString(there == null ? 1 : Integer.parseInt(there.getMeta().getVersionId()) + 1);
      resource.setId(new IdType(type.getSimpleName(), id, next));
      resource.getMeta().setVersionId(next);
      kept.put(id, resource);
      identifiers.apply(resource).forEach(identifier -> byValue.put(identifier.getValue(), id));
      puts.incrementAndGet();
      return there == null;
    }

    List<R> all() {
      return List.copyOf(kept.values());
    }
  }

  @Override
  public void close() throws Exception {
    jetty.stop();
  }
}
