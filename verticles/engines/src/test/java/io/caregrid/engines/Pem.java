package io.caregrid.engines;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/**
 * A key and its self-signed certificate for {@code localhost} and {@code 127.0.0.1}, made by the JDK's keytool, as PEM files.
 *
 * @param cert which is its own root, so it serves as {@code clientCa} too
 */
public record Pem(Path cert, Path key, X509Certificate certificate) {

  private static final char[] PASSWORD = "changeit".toCharArray();

  /** @param name common name, and of the files */
  public static Pem make(Path folder, String name) throws IOException, InterruptedException, GeneralSecurityException {
    return make(folder, name, 365);
  }

  /** @param days how long it is valid */
  public static Pem make(Path folder, String name, int days)
      throws IOException, InterruptedException, GeneralSecurityException {
    Path store = folder.resolve(name + ".p12");
    Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-genkeypair", "-alias", "own", "-keyalg", "RSA", "-keysize", "2048", "-dname", "CN=" + name, "-ext",
        "SAN=dns:localhost,ip:127.0.0.1", "-validity", Integer.toString(days), "-storetype", "PKCS12", "-keystore",
        store.toString(),
        "-storepass", new String(PASSWORD)).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    if (!keytool.waitFor(180, TimeUnit.SECONDS) || keytool.exitValue() != 0) throw new IOException("keytool failed");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    X509Certificate certificate = (X509Certificate) keys.getCertificate("own");
    Path cert = write(folder.resolve(name + ".crt"), "CERTIFICATE", certificate.getEncoded());
    Path key = write(folder.resolve(name + ".key"), "PRIVATE KEY", keys.getKey("own", PASSWORD).getEncoded());
    return new Pem(cert, key, certificate);
  }

  private static Path write(Path file, String what, byte[] der) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(file, "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n");
  }
}
