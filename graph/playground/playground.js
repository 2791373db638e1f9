"use strict";

(() => {
  const root = document.getElementById("graphiql");
  const queries = JSON.parse(document.getElementById("tabs").textContent);
  const headers = JSON.stringify({ Authorization: "Bearer " }, null, 2);

  // Subscriptions use a WebSocket to the same endpoint, which gets the headers in connection_init.
  const socket = new URL(root.dataset.endpoint, location.href);
  socket.protocol = socket.protocol.replace("http", "ws");

  // GraphiQL's menus set this nonce on the style element that they insert while they are open.
  window.__webpack_nonce__ = root.dataset.nonce;

  ReactDOM.createRoot(root).render(
    React.createElement(GraphiQL, {
      fetcher: GraphiQL.createFetcher({ url: root.dataset.endpoint, subscriptionUrl: socket.href }),
      defaultTabs: queries.map((query) => ({ query, headers })),
      defaultHeaders: headers,
      defaultEditorToolsVisibility: "headers",
      shouldPersistHeaders: true,
      schemaDescription: true,
      inputValueDeprecation: true,
    }),
  );
})();
