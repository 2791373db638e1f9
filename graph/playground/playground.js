"use strict";

(() => {
  const { createElement, useEffect, useRef, useState, useSyncExternalStore } = React;
  const root = document.getElementById("graphiql");
  const queries = JSON.parse(document.getElementById("tabs").textContent);
  const headersWith = (token) => JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2);

  // What the guide shows: whether an operation was run, the token of the last log-in, and how far the subscription is.
  let state = { started: false, token: "", subscription: "" };
  const listeners = new Set();
  const update = (changes) => {
    state = { ...state, ...changes };
    listeners.forEach((listener) => listener());
  };
  const subscribe = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  // Subscriptions use a WebSocket to the same endpoint, which gets the headers in connection_init.
  const socket = new URL(root.dataset.endpoint, location.href);
  socket.protocol = socket.protocol.replace("http", "ws");
  const send = GraphiQL.createFetcher({
    url: root.dataset.endpoint,
    subscriptionUrl: socket.href,
    enableIncrementalDelivery: false, // so that only subscriptions answer with an iterator
  });

  async function fetcher(request, options) {
    if (request.operationName !== "IntrospectionQuery") {
      update({ started: true, subscription: "" });
    }
    const answer = await send(request, options);
    if (answer[Symbol.asyncIterator]) {
      return follow(answer[Symbol.asyncIterator]());
    }
    const token = Object.values(answer.data ?? {}).find((payload) => payload?.tokens?.accessToken)?.tokens.accessToken;
    if (token) {
      update({ token });
    }
    return answer;
  }

  // follow passes on a subscription's responses, and says that it waits: until the first one there is nothing else to see.
  function follow(responses) {
    let count = 0;
    update({ subscription: "Subscribed, and waiting for the first change. Make one in another tab of the browser: it appears here at once." });
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        try {
          const result = await responses.next();
          count += result.done ? 0 : 1;
          const changes = `${count} ${count === 1 ? "change" : "changes"}`;
          update({ subscription: result.done ? `The subscription has ended after ${changes}.` : `${changes} so far; waiting for more.` });
          return result;
        } catch (error) {
          update({ subscription: "The subscription has failed." });
          throw error;
        }
      },
      async return(value) {
        const result = await responses.return(value);
        update({ subscription: "" });
        return result;
      },
    };
  }

  // readToken returns the token in the text of the headers: undefined if the text isn't JSON, "" if there is none.
  function readToken(headers) {
    try {
      return (JSON.parse(headers || "{}").Authorization ?? "").replace(/^Bearer\s*/, "");
    } catch {
      return undefined;
    }
  }

  // readClaims returns what a token says of itself, or undefined for an API key and whatever else isn't an access token.
  function readClaims(token) {
    try {
      return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    } catch {
      return undefined;
    }
  }

  // fill puts the token into the headers. Those of other tabs than the one that logged in keep the token of another account.
  function fill(editor, token, loggedInHere) {
    const current = readToken(editor.getValue());
    if (current === undefined || current === token) {
      return;
    }
    if (current && !loggedInHere && readClaims(current)?.sub !== readClaims(token)?.sub) {
      return;
    }
    const headers = JSON.parse(editor.getValue() || "{}");
    editor.setValue(JSON.stringify({ ...headers, Authorization: `Bearer ${token}` }, null, 2));
  }

  function describeViewer(headers) {
    const token = readToken(headers);
    const claims = readClaims(token);
    if (token === undefined) {
      return "Headers is not JSON.";
    }
    if (!token) {
      return "Nobody is logged in. SignUp and LogIn put their token into Headers.";
    }
    if (!claims) {
      return "Headers contains a token or a key of your own.";
    }
    const who = claims.aud.includes("crm-customer") ? "a customer" : "a user";
    const until = new Date(claims.exp * 1000);
    return until > Date.now()
      ? `Logged in as ${who}, until ${until.toLocaleTimeString()}.`
      : `The token in Headers expired at ${until.toLocaleTimeString()}. Run LogIn again.`;
  }

  // useHeaders returns the text of the headers, and renders again when it changes or its token expires.
  function useHeaders(editor) {
    const [headers, setHeaders] = useState("");
    const [, setExpired] = useState("");
    useEffect(() => {
      const read = () => setHeaders(editor.getValue());
      if (editor) {
        read();
        editor.on("change", read);
      }
      return () => editor?.off("change", read);
    }, [editor]);
    useEffect(() => {
      const left = (readClaims(readToken(headers))?.exp ?? 0) * 1000 - Date.now();
      const timer = left > 0 ? setTimeout(() => setExpired(headers), left) : undefined;
      return () => clearTimeout(timer);
    }, [headers]);
    return headers;
  }

  function Guide() {
    const { started, token, subscription } = useSyncExternalStore(subscribe, () => state);
    const { activeTabIndex, headerEditor, queryEditor, variableEditor } = GraphiQL.React.useEditorContext();
    const headers = useHeaders(headerEditor);
    const filled = useRef("");
    useEffect(() => {
      if (token && headerEditor) {
        fill(headerEditor, token, filled.current !== token);
        filled.current = token;
      }
    }, [token, headerEditor, activeTabIndex]);
    useEffect(() => {
      [queryEditor, variableEditor].forEach((editor) => editor?.setOption("lineWrapping", true));
    }, [queryEditor, variableEditor]);
    return createElement(
      "div",
      { className: "guide" },
      createElement("p", { role: "status" }, subscription || describeViewer(headers)),
      !started && createElement("ul", null, advice.map((text) => createElement("li", { key: text }, text))),
    );
  }

  const advice = [
    "▶ runs an operation, and asks which if there are several. Its response appears here.",
    "The book icon opens the documentation, which says of each field which roles may use it.",
    "The second tab reads customers with their interactions and tickets.",
    "A subscription goes on until you stop it, and shows each change when it happens.",
  ];

  // GraphiQL's menus set this nonce on the style element that they insert while they are open.
  window.__webpack_nonce__ = root.dataset.nonce;

  ReactDOM.createRoot(root).render(
    createElement(
      GraphiQL,
      {
        fetcher,
        defaultTabs: queries.map((query) => ({ query, headers: headersWith("") })),
        defaultHeaders: headersWith(""),
        defaultEditorToolsVisibility: "headers",
        shouldPersistHeaders: true,
        schemaDescription: true,
        inputValueDeprecation: true,
      },
      createElement(GraphiQL.Footer, null, createElement(Guide)),
    ),
  );
})();
