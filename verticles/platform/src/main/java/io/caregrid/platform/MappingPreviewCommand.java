package io.caregrid.platform;

import com.fasterxml.jackson.core.JsonGenerator.Feature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.preview.Preview;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what mapping files would make of messages. */
@Command(name = "preview", description = "Shows the measurements and Observations that the mapping files of a folder make of messages.", footer = {
  "",
  "MESSAGES is a file of JSON values, one after the other; - is standard input. Each is one message as a feed takes it:",
  "what the device sends, or IoT Hub's {\"Body\": …, \"Properties\": …, \"SystemProperties\": …}. With --tokens each is",
  "what templates see as $, whatever it is.",
  "What is no JSON gets an error of its own; reading goes on with the next line that begins with { or [.",
  "Prints what POST /iomt/$preview answers. Exit code 0: no errors. 1: errors in a mapping or a message. 2: the words were wrong."})
final class MappingPreviewCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  @Parameters(index = "0", paramLabel = "FOLDER", description = "Where devicecontent.json and fhirmapping.json are.")
  private Path folder;
  @Parameters(index = "1", paramLabel = "MESSAGES", description = "The messages.")
  private String messages;
  @Option(names = "--tokens", description = "Messages are not opened: each is what templates see as $.")
  private boolean tokens;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    ObjectNode asked = new MappingFolder(folder).question();
    if (asked.path("deviceContent").isNull()) {
      throw new StartException("folder " + folder + " has no " + MappingFolder.DEVICE
          + ": without it nothing can be read from messages", null);
    }
    MessageFile file = MessageFile.read(messages, Preview.MOST_MESSAGES);
    ArrayNode bodies = asked.putArray("messages");
    for (JsonNode message : file.messages()) bodies.add(tokens ? message : token(message));
    ObjectNode answer;
    try {
      answer = Preview.answer(asked, Instant.now());
    } catch (IllegalArgumentException refused) {
      throw new StartException(refused.getMessage(), refused);
    }
    file.unreadable().forEach((index, why) -> ((ArrayNode) answer.path("results")).insert(index, unreadable(why)));
    PrintWriter out = spec.commandLine().getOut();
    JSON.writerWithDefaultPrettyPrinter().without(Feature.AUTO_CLOSE_TARGET).writeValue(out, answer);
    out.println();
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

  private static ObjectNode unreadable(String why) {
    ObjectNode result = JSON.createObjectNode();
    result.putArray("measurements");
    result.putArray("observations");
    result.putArray("errors").addObject().put("kind", "malformed-json").put("message", why).putNull("line");
    result.putArray("warnings");
    return result;
  }

  /** As a feed opens it, without headers. */
  private static JsonNode token(JsonNode message) throws IOException {
    return DeviceMapping.open(JSON.writeValueAsBytes(message), Map.of()).root();
  }
}
