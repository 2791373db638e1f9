// A graphql-ws client for a session.
import { createClient } from 'graphql-ws';
import './websocket.js'; // only needed in Node

const forbidden = 4403;

/**
 * Returns a client that connects with the session's token. When the server closes the socket because that has expired,
 * the client reconnects with a new one. `options` are options of graphql-ws.
 */
export function connectSocket(url, session, options = {}) {
  let sent;
  let refused;
  return createClient({
    url: url.replace('http', 'ws'),
    connectionParams: async () => {
      sent = refused ? await session.refresh(refused) : await session.accessToken();
      return { Authorization: `Bearer ${sent}` };
    },
    on: {
      closed: ({ code }) => {
        refused = code === forbidden ? sent : undefined;
      },
    },
    retryAttempts: Infinity,
    // By default graphql-ws gives up when it can't reach the server. An Error is from connectionParams: log in again.
    shouldRetry: (problem) => !(problem instanceof Error),
    ...options,
  });
}
