// The links that an Apollo client of this server needs besides HttpLink and GraphQLWsLink.
import { ApolloLink, CombinedGraphQLErrors } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { defer, from, retry, switchMap, tap, throwError, timer } from 'rxjs';

function hasCode(error, ...codes) {
  return CombinedGraphQLErrors.is(error) && error.errors.some(({ extensions }) => codes.includes(extensions?.code));
}

/** Sends the session's access token. An operation whose token is refused is sent again, once, with a new one. */
export function authLink(session) {
  return ApolloLink.from([
    new ErrorLink(({ error, operation, forward }) => {
      const { accessToken, isReplay } = operation.getContext();
      if (isReplay || !hasCode(error, 'UNAUTHENTICATED')) {
        return undefined;
      }
      operation.setContext({ isReplay: true });
      return from(session.refresh(accessToken)).pipe(switchMap(() => forward(operation)));
    }),
    new SetContextLink(async ({ headers }) => {
      const accessToken = await session.accessToken();
      return { accessToken, headers: { ...headers, Authorization: `Bearer ${accessToken}` } };
    }),
  ]);
}

/**
 * Resumes a subscription that the server ended, or that lost its connection, after the last received change, so no change
 * is missed or repeated. `wait` returns an observable to wait for before subscribing again.
 */
export function resumeLink({ wait = () => timer(1000) } = {}) {
  return new ApolloLink((operation, forward) => {
    // graphql-ws sends this same object again when it reconnects by itself.
    const variables = (operation.variables = { ...operation.variables });
    return defer(() => forward(operation)).pipe(
      tap(({ data }) => {
        for (const change of Object.values(data ?? {})) {
          variables.after = change.seq;
        }
      }),
      retry({
        delay: (error) =>
          hasCode(error, 'UNAVAILABLE', 'SLOW_CONSUMER', 'UNAUTHENTICATED') ? wait() : throwError(() => error),
      }),
    );
  });
}
