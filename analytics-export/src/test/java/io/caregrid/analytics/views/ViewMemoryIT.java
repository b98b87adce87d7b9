package io.caregrid.analytics.views;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A store of 286 MB of JSON, large and small resources mixed, and as many bytes of rows, through a node that has 64 MB of heap. */
@ExtendWith(Engines.class)
@Tag("full")
class ViewMemoryIT {
  private static final int HEAVY = 220;
  private static final int EVERY = 10;
  private static final int LIGHT = HEAVY * (EVERY - 1);
  private static final String HEAP = "-Xmx64m";

  @Test
  void aStoreLargerThanTheHeapIsReadAndWrittenAsRows(LocalPostgres postgres) throws Exception {
    DatabaseConfig database = ViewHouse.empty(postgres);
    try (ViewHouse house = new ViewHouse(database)) {
      for (int i = 0; i < HEAVY + LIGHT; i++) house.create(observation(i, i % EVERY == 0 ? 1_300_000 : 100));
    }

    List<String> said = inChild(database);

    assertEquals(List.of("rows " + (HEAVY + LIGHT), "large true"), said);
  }

  /** Digits that hardly compress, so that what the database sends is large as well. */
  private static String observation(int id, int length) {
    StringBuilder data = new StringBuilder();
    Random random = new Random(id);
    while (data.length() < length) data.append(Long.toUnsignedString(random.nextLong(), 36));
    return "{'resourceType':'Observation','id':'o" + id + "','status':'final','code':{'text':'x'},'valueString':'"
        + data + "'}";
  }

  private static List<String> inChild(DatabaseConfig database) throws IOException, InterruptedException {
    Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), HEAP,
        "-XX:+ExitOnOutOfMemoryError", "-cp", System.getProperty("java.class.path"), Child.class.getName(),
        database.host(),
        String.valueOf(database.port()), database.database(), database.user(), database.password())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    List<String> said = new ArrayList<>();
    try (BufferedReader out = new BufferedReader(new InputStreamReader(child.getInputStream()))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("rows ") || line.startsWith("large ")) said.add(line);
      }
    }
    assertEquals(0, child.waitFor(), "the child's exit");
    return said;
  }

  /** The node with the small heap; its client is in it, too, and keeps nothing. */
  static final class Child {
    private static final String VIEW = "{'resource':'Observation','select':[{'column':[{'name':'id','path':'id'},"
        + "{'name':'text','path':'value.ofType(string)'}]}]}";

    private Child() {}

    public static void main(String[] told) throws Exception {
      DatabaseConfig config = new DatabaseConfig(told[0], Integer.parseInt(told[1]), told[2], told[3], told[4], 4);
      try (ViewHouse house = new ViewHouse(config); Socket client = new Socket("127.0.0.1", house.port())) {
        byte[] body = ViewHouse.parameters(VIEW, "").getBytes(StandardCharsets.UTF_8);
        client.getOutputStream()
            .write(("POST " + ViewHouse.ADDRESS + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes());
        client.getOutputStream().write(body);
        count(client.getInputStream());
      }
    }

    /** Rows by what begins each: {@code {"id"}. */
    private static void count(InputStream in) throws IOException {
      byte[] buffer = new byte[1 << 16];
      byte[] start = "{\"id\"".getBytes();
      long bytes = 0;
      int rows = 0;
      int matched = 0;
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        bytes += n;
        for (int i = 0; i < n; i++) {
          matched = buffer[i] == start[matched] ? matched + 1 : buffer[i] == start[0] ? 1 : 0;
          if (matched < start.length) continue;
          rows++;
          matched = 0;
        }
      }
      System.out.println("rows " + rows);
      System.out.println("large " + (bytes > 4L * Runtime.getRuntime().maxMemory()));
    }
  }
}
