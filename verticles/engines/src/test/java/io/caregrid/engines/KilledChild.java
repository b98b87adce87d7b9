package io.caregrid.engines;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Exit;

/** A process that starts both engines, says what they hold, has 100 rows and 100 records acknowledged, says so, and is killed without warning. */
final class KilledChild {
  private static final TopicPartition TOPIC = new TopicPartition("t", 0);

  private KilledChild() {}

  /** @return what the child said */
  static List<String> runAndKill(Path folder) throws IOException, InterruptedException {
    return run(folder, "wait");
  }

  /** The child's broker gives up, as it does when it cannot write its log. */
  static List<String> runAndHalt(Path folder) throws IOException, InterruptedException {
    return run(folder, "halt");
  }

  private static List<String> run(Path folder, String end) throws IOException, InterruptedException {
    return Child.run(KilledChild.class, List.of("-Xmx256m"), line -> line.equals("wrote") && end.equals("wait"),
        folder.toString(), end).stream().filter(line -> line.matches("(rows|records|wrote).*")).toList();
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    LocalPostgres postgres = LocalPostgres.start(folder.resolve("postgres"), 0);
    LocalKafka kafka = LocalKafka.start(folder.resolve("kafka"), 0);
    insert(postgres);
    produce(kafka);
    System.out.println("wrote");
    if (arguments[1].equals("halt")) Exit.halt(1, "no space left");
    Thread.sleep(600_000);
  }

  private static void insert(LocalPostgres postgres) throws SQLException {
    String url = "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + postgres.database("child");
    try (Connection connection = DriverManager.getConnection(url, postgres.user(), postgres.password());
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE IF NOT EXISTS t (n int)");
      try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM t")) {
        rows.next();
        System.out.println("rows " + rows.getLong(1));
      }
      statement.execute("INSERT INTO t SELECT generate_series(1, 100)");
    }
  }

  private static void produce(LocalKafka kafka) throws ExecutionException, InterruptedException {
    Map<String, Object> to = Map.of("bootstrap.servers", kafka.bootstrapServers());
    try (Admin admin = Admin.create(to);
        KafkaProducer<String, String> producer = new KafkaProducer<>(to, new StringSerializer(),
            new StringSerializer())) {
      if (!admin.listTopics().names().get().contains(TOPIC.topic()))
        admin.createTopics(List.of(new NewTopic(TOPIC.topic(), 1, (short) 1))).all().get();
      ListOffsetsResultInfo end = admin.listOffsets(Map.of(TOPIC, OffsetSpec.latest())).partitionResult(TOPIC).get();
      System.out.println("records " + end.offset());
      for (int n = 0; n < 100; n++) producer.send(new ProducerRecord<>(TOPIC.topic(), "v" + n));
      producer.flush();
    }
  }
}
