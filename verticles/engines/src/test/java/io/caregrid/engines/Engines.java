package io.caregrid.engines;

import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * {@code @ExtendWith(Engines.class)} and a parameter of type {@link LocalPostgres} or {@link LocalKafka}: each is started once per JVM, when the first
 * test asks for it, and closed with its folder removed after the last. Tests share them, so a test makes its own database and topic names. Databases
 * that a test or a class has made and left are removed after it.
 */
public final class Engines implements ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(Engines.class);
  private static final Map<Class<?>, Supplier<AutoCloseable>> ENGINES = Map.of(LocalPostgres.class,
      () -> LocalPostgres.temporary(Memory.folder("postgres")), LocalKafka.class,
      () -> LocalKafka.temporary(Memory.folder("kafka")));

  /** What is in memory is made room for; on a disk removing costs more than it gives. */
  private record Databases(LocalPostgres postgres, int before) implements AutoCloseable {
    @Override
    public void close() {
      if (postgres.isInMemory()) postgres.abandon(before);
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return ENGINES.containsKey(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == LocalKafka.class ? engine(LocalKafka.class, test) : postgres(test);
  }

  /**
   * As the parameter, for an extension.
   *
   * @param scope at its end the databases go that were made since
   */
  public static LocalPostgres postgres(ExtensionContext scope) {
    LocalPostgres postgres = engine(LocalPostgres.class, scope);
    scope.getStore(NAMESPACE)
        .getOrComputeIfAbsent(scope.getUniqueId(), own -> new Databases(postgres, postgres.databases()),
            Databases.class);
    return postgres;
  }

  private static <E extends AutoCloseable> E engine(Class<E> type, ExtensionContext test) {
    Store perJvm = test.getRoot().getStore(NAMESPACE);
    return perJvm.getOrComputeIfAbsent(type, engine -> type.cast(ENGINES.get(engine).get()), type);
  }
}
