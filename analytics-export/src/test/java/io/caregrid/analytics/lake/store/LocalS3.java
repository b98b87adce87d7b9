package io.caregrid.analytics.lake.store;

import io.caregrid.cluster.LakeConfig;
import io.caregrid.cluster.S3Config;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/** An S3-compatible store in this process, in memory, on a port that was free. */
public final class LocalS3 implements AutoCloseable {
  public static final String BUCKET = "lake-test";
  private static final String KEY = "key";
  private static final String SECRET = "secret";

  private final TransientNio2BlobStore blobs = new TransientNio2BlobStore();
  private final S3Proxy proxy;

  public LocalS3() throws Exception {
    blobs.createContainer(BUCKET);
    proxy = S3Proxy.builder()
        .blobStore(blobs)
        .endpoint(URI.create("http://127.0.0.1:0"))
        .awsAuthentication(AuthenticationType.AWS_V4, KEY, SECRET)
        .ignoreUnknownHeaders(true)
        .build();
    proxy.start();
  }

  public int port() {
    return proxy.getPort();
  }

  /** How it is reached, through {@code port}, which may be somebody's in between. */
  public S3Config config(int port) {
    return new S3Config("http://127.0.0.1:" + port, "us-east-1", KEY, SECRET, 300);
  }

  /** @param prefix where in the bucket, "" or without a slash at its end; @param data for local copies */
  public ObjectStore open(String prefix, Path data) throws IOException {
    return open(prefix, data, port());
  }

  /** @param cache most bytes of local copies, fewer than an operator may set */
  public ObjectStore open(String prefix, Path data, int through, long cache) throws IOException {
    return new S3Store(S3Store.client(config(through)), BUCKET, prefix + "/",
        new FileCache(data.resolve("lake-cache"), cache, Clock.systemUTC()));
  }

  ObjectStore open(String prefix, Path data, int through) throws IOException {
    return open(BUCKET, prefix, data, through);
  }

  ObjectStore openBucket(String bucket, Path data) throws IOException {
    return open(bucket, "", data, port());
  }

  private ObjectStore open(String bucket, String prefix, Path data, int through) throws IOException {
    LakeConfig lake = LakeConfig.DEFAULT;
    String place = LakeConfig.S3 + bucket + (prefix.isEmpty() ? "" : "/" + prefix);
    return Place.open(new LakeConfig(place, lake.shared(), lake.commitEvery(), lake.openPeriod(), lake.settleAfter(),
        lake.maxLag(), lake.vacuumAfter(), config(through), lake.sql()), data);
  }

  @Override
  public void close() throws Exception {
    proxy.stop();
    blobs.close();
  }
}
