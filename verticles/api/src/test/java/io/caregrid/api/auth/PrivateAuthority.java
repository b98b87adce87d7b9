package io.caregrid.api.auth;

import io.caregrid.engines.Pem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A hospital's own authority, as it has one for its inner servers: a root that no browser and no JVM knows, and what it signs. Made by the JDK's keytool. */
public final class PrivateAuthority {
  private static final String PASSWORD = "changeit";
  private final Path folder;
  private final Path store;

  private PrivateAuthority(Path folder) {
    this.folder = folder;
    this.store = folder.resolve("authority.p12");
  }

  public static PrivateAuthority make(Path folder) throws Exception {
    PrivateAuthority authority = new PrivateAuthority(folder);
    authority.pair("root", "-ext", "bc:c");
    return authority;
  }

  /** @param names as in {@code dns:localhost,ip:127.0.0.1} */
  public PrivateAuthority sign(String alias, String names) throws Exception {
    pair(alias, "-signer", "root", "-ext", "SAN=" + names);
    return this;
  }

  private void pair(String alias, String... more) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(
        List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair", "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=" + alias,
            "-validity",
            "30", "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD));
    command.addAll(List.of(more));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    if (!keytool.waitFor(180, TimeUnit.SECONDS) || keytool.exitValue() != 0) throw new IOException("keytool failed");
  }

  private KeyStore keys() throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }

  /** The root's certificate, for {@code security.issuers.<name>.trust}. */
  public Path root() throws Exception {
    return pem("root.crt", "CERTIFICATE", keys().getCertificate("root").getEncoded());
  }

  /** A server's certificate and key. */
  public Pem server(String alias) throws Exception {
    KeyStore keys = keys();
    return new Pem(pem(alias + ".crt", "CERTIFICATE", keys.getCertificate(alias).getEncoded()),
        pem(alias + ".key", "PRIVATE KEY", keys.getKey(alias, PASSWORD.toCharArray()).getEncoded()),
        (X509Certificate) keys.getCertificate(alias));
  }

  /** For a server that shows this one's certificate. */
  SSLContext context(String alias) throws IOException, GeneralSecurityException {
    KeyStore all = keys();
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(alias, all.getKey(alias, PASSWORD.toCharArray()), PASSWORD.toCharArray(),
        new Certificate[] {all.getCertificate(alias)});
    KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(own, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  private Path pem(String file, String what, byte[] der) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(folder.resolve(file),
        "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n");
  }
}
