package io.caregrid.api;

import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;

/** What a person sees who followed a wrong address in a browser. Fixed text: nothing of the request is repeated. */
final class NotFoundPage {
  private static final String PAGE = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Not here · Caregrid</title>
      <meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/assets/house.css"></head>
      <body><main class="prose"><h1>There is nothing at this address</h1>
      <p><a href="/">The start page</a> links to everything this node has.</p></main></body></html>
      """;

  private NotFoundPage() {}

  static void send(RoutingContext request) {
    PageHeaders.put(request.response());
    request.response().setStatusCode(404).putHeader(HttpHeaders.CONTENT_TYPE, "text/html;charset=utf-8").end(PAGE);
  }
}
