package io.caregrid.analytics.lake.parquet;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The class path as it is, but for Hadoop, as Caregrid ships. */
public final class WithoutHadoop extends URLClassLoader {
  /** Classes of Hadoop that somebody wanted, and did not get. */
  public final List<String> wanted = new ArrayList<>();

  public WithoutHadoop() throws Exception {
    super(urls(), ClassLoader.getPlatformClassLoader());
  }

  private static URL[] urls() throws Exception {
    String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<URL> urls = new ArrayList<>();
    for (String entry : path.split(System.getProperty("path.separator"))) urls.add(Path.of(entry).toUri().toURL());
    return urls.toArray(URL[]::new);
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith("org.apache.hadoop.")) return super.loadClass(name, resolve);
    wanted.add(name);
    throw new ClassNotFoundException(name);
  }
}
