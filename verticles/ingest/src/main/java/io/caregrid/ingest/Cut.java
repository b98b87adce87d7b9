package io.caregrid.ingest;

import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;

/** Ends a connection at once. An ordinary close waits until all is written, and so for ever for whoever does not read. */
public final class Cut {
  private Cut() {}

  /** Past the handlers that would wait; on the socket's own event loop or not. Of one that is gone already nothing is left to do. */
  public static void now(NetSocket socket) {
    ChannelHandlerContext first = ((NetSocketInternal) socket).channelHandlerContext().pipeline().firstContext();
    if (first != null) first.close();
  }
}
