package io.caregrid.perf.hapi;

import ca.uhn.fhir.rest.server.RestfulServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * The process of the peer: {@code /fhir} on a free port of 127.0.0.1. It tells its address in one line, {@code READY {"fhir": …}}, and stops when its standard
 * input ends, so that it never outlives the driver.
 *
 * <p>Its database comes by system properties: {@code hapi.jdbc}, {@code hapi.user} and, because a command line is everybody's to read, the password as the
 * environment's {@code HAPI_PASSWORD}.
 */
public final class HapiServer {
  private HapiServer() {}

  /** @param args a folder for the web server's own files */
  public static void main(String[] args) throws IOException, LifecycleException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    try (AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(HapiConfig.class)) {
      Tomcat tomcat = serve(beans.getBean(RestfulServer.class), folder);
      System.out.println("READY {\"fhir\":\"http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + "/fhir\"}");
      System.in.transferTo(OutputStream.nullOutputStream());
      tomcat.stop();
      tomcat.destroy();
    }
    System.exit(0);
  }

  private static Tomcat serve(RestfulServer fhir, Path folder) throws LifecycleException {
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(folder.toString());
    tomcat.setHostname("127.0.0.1");
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat.getConnector().setMaxPostSize(-1);
    Context context = tomcat.addContext("", folder.toString());
    Wrapper servlet = Tomcat.addServlet(context, "fhir", fhir);
    servlet.setLoadOnStartup(1);
    context.addServletMappingDecoded("/fhir/*", "fhir");
    tomcat.start();
    return tomcat;
  }
}
