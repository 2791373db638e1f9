"use strict";

(() => {
  const root = document.getElementById("graphiql");
  const queries = JSON.parse(document.getElementById("tabs").textContent);
  const headers = JSON.stringify({ Authorization: "Bearer " }, null, 2);

  // GraphiQL's menus give this nonce to the style element that they need while they are open.
  window.__webpack_nonce__ = root.dataset.nonce;

  ReactDOM.createRoot(root).render(
    React.createElement(GraphiQL, {
      fetcher: GraphiQL.createFetcher({ url: root.dataset.endpoint }),
      defaultTabs: queries.map((query) => ({ query, headers })),
      defaultHeaders: headers,
      defaultEditorToolsVisibility: "headers",
      shouldPersistHeaders: true,
      schemaDescription: true,
      inputValueDeprecation: true,
    }),
  );
})();
