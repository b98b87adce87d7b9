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
 * test asks for it, and closed with its folder removed after the last. Tests share them, so a test makes its own database and topic names.
 */
public final class Engines implements ParameterResolver {
  private static final Map<Class<?>, Supplier<AutoCloseable>> ENGINES = Map.of(LocalPostgres.class,
      LocalPostgres::temporary, LocalKafka.class, LocalKafka::temporary);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return ENGINES.containsKey(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    Class<?> type = parameter.getParameter().getType();
    Store perJvm = test.getRoot().getStore(Namespace.create(Engines.class));
    return perJvm.<Class<?>, AutoCloseable>getOrComputeIfAbsent(type, engine -> ENGINES.get(engine).get(),
        AutoCloseable.class);
  }
}
