package io.caregrid.platform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.preview.Preview;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what mapping files would make of messages. */
@Command(name = "preview", description = "Shows the measurements and Observations that the mapping files of a folder make of messages.", footer = {
  "",
  "MESSAGES is a file of JSON values, one after the other; - is standard input. Each is the body of one message,",
  "or with --tokens all that templates see: {\"Body\": …, \"Properties\": …, \"SystemProperties\": …}.",
  "Prints what POST /iomt/$preview answers. Exit code 0: no errors. 1: errors in a mapping or a message. 2: the words were wrong."})
final class MappingPreviewCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  @Parameters(index = "0", paramLabel = "FOLDER", description = "Where devicecontent.json and fhirmapping.json are.")
  private Path folder;
  @Parameters(index = "1", paramLabel = "MESSAGES", description = "The messages.")
  private String messages;
  @Option(names = "--tokens", description = "Messages are not bodies, but what templates see as $.")
  private boolean tokens;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    ObjectNode asked = new MappingFolder(folder).question();
    asked.set("messages", read());
    ObjectNode answer;
    try {
      answer = Preview.answer(asked, Instant.now());
    } catch (IllegalArgumentException refused) {
      throw new StartException(refused.getMessage(), refused);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(answer.toPrettyString());
    out.flush();
    return failed(answer) ? 1 : 0;
  }

  private static boolean failed(JsonNode answer) {
    for (JsonNode problem : answer.path("templateErrors")) {
      if (MappingFolder.isError(problem)) return true;
    }
    for (JsonNode result : answer.path("results")) {
      if (!result.path("errors").isEmpty()) return true;
    }
    return false;
  }

  private ArrayNode read() {
    ArrayNode all = JSON.createArrayNode();
    try (InputStream in = messages.equals("-") ? System.in : Files.newInputStream(Path.of(messages));
        MappingIterator<JsonNode> values = JSON.readerFor(JsonNode.class).readValues(in)) {
      while (values.hasNextValue()) {
        if (all.size() == Preview.MOST_MESSAGES) {
          throw new StartException("more than " + Preview.MOST_MESSAGES + " messages; preview some of them", null);
        }
        all.add(tokens ? values.nextValue() : token(values.nextValue()));
      }
      return all;
    } catch (JsonProcessingException noJson) {
      throw new StartException(
          "message " + (all.size() + 1) + " of " + messages + " is no JSON: line " + noJson.getLocation().getLineNr()
              + ", column " + noJson.getLocation().getColumnNr(),
          noJson);
    } catch (IOException unreadable) {
      throw new StartException("messages " + messages + " cannot be read: " + unreadable, unreadable);
    }
  }

  private static ObjectNode token(JsonNode body) {
    ObjectNode token = JSON.createObjectNode();
    token.set("Body", body);
    token.putObject("Properties");
    token.putObject("SystemProperties");
    return token;
  }
}
