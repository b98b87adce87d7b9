package io.caregrid.platform;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.GZIPInputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends device messages to a node, as a device would. */
@Command(name = "send", description = "Posts device messages from a file or from standard input to a node, and prints its answer.", footer = {
  "", "The input is one JSON message, an array of them, or one message a line (NDJSON); it may be gzipped.", "",
  "Example:",
  "  echo '{\"deviceId\":\"monitor-07\",\"time\":\"'$(date -u +%%FT%%TZ)'\",\"heartRate\":72}' | caregrid send -"})
final class SendCommand implements java.util.concurrent.Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  /** Bytes; above every node's default limit, and small enough for the heap of this command. */
  private static final int MOST = 32 << 20;
  /** Bytes looked at to tell lines from one document. */
  private static final int HEAD = 64 << 10;

  @Parameters(paramLabel = "FILE", description = "What to send; - is standard input.")
  private String input;
  @Mixin
  private NodeCall node;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    URI address = node.address("/ingest");
    byte[] body = read();
    HttpRequest.Builder request = node.request(address)
        .timeout(PATIENCE)
        .header("Content-Type", type(body))
        .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (isGzip(body)) request.header("Content-Encoding", "gzip");
    try {
      HttpResponse<String> answer = node.client()
          .build()
          .send(request.build(), HttpResponse.BodyHandlers.ofString());
      PrintWriter out = spec.commandLine().getOut();
      out.println(answer.statusCode() + (answer.body().isBlank() ? "" : " " + answer.body().strip()));
      out.flush();
      return answer.statusCode() == 202 ? 0 : 1;
    } catch (ConnectException nobody) {
      throw NodeCall.nobody(address, nobody);
    } catch (IOException failed) {
      throw new StartException(address + " did not answer: " + failed.getMessage(), failed);
    }
  }

  private byte[] read() {
    byte[] body;
    try (InputStream in = input.equals("-") ? System.in : Files.newInputStream(Path.of(input))) {
      body = in.readNBytes(MOST + 1);
    } catch (NoSuchFileException missing) {
      throw new StartException("file " + input + " cannot be read: it does not exist", missing);
    } catch (IOException unreadable) {
      throw new StartException("file " + input + " cannot be read: " + FileTrouble.why(unreadable), unreadable);
    }
    if (body.length > MOST) {
      throw new StartException((input.equals("-") ? "standard input" : "file " + input) + " is larger than "
          + (MOST >> 20) + " MiB, more than one request may hold: send NDJSON in pieces, e.g. made by split -C 4m");
    }
    return body;
  }

  private static boolean isGzip(byte[] body) {
    return body.length > 1 && (body[0] & 0xff) == 0x1f && (body[1] & 0xff) == 0x8b;
  }

  /** A first line that begins and ends an object, with more after it, can only be NDJSON. */
  private static String type(byte[] body) {
    String head = new String(head(body), StandardCharsets.UTF_8).replace("\uFEFF", "").strip();
    int end = head.indexOf('\n');
    boolean lines = end > 0 && head.startsWith("{") && head.substring(0, end).strip().endsWith("}");
    return lines ? "application/x-ndjson" : "application/json";
  }

  private static byte[] head(byte[] body) {
    try (InputStream in = new ByteArrayInputStream(body);
        InputStream plain = isGzip(body) ? new GZIPInputStream(in) : in) {
      return plain.readNBytes(HEAD);
    } catch (IOException damaged) {
      return new byte[0]; // the node says what is wrong with it
    }
  }
}
