// A graphql-ws client for a session.
import { createClient } from 'graphql-ws';
import './websocket.js'; // for Node alone

const forbidden = 4403;

/**
 * Returns a client that connects as the session. When the server closes the socket because of its access token, which ends
 * sooner or later, it connects again with another one. `options` are graphql-ws's.
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
    // By itself graphql-ws gives up when it can't reach the server. An Error is one of connectionParams: log in again.
    shouldRetry: (problem) => !(problem instanceof Error),
    ...options,
  });
}
