import type { ApolloClient } from '@apollo/client'
import { graphql } from './generated'
import type { CompleteProviderLogInMutation } from './generated/graphql'
import type { Side } from './session'

/** The identity providers that somebody can log in with. */
export const LogInProviders = graphql(`
  query LogInProviders {
    logInProviders {
      name
      label
      audiences
    }
  }
`)

const StartProviderLogIn = graphql(`
  mutation StartProviderLogIn($input: StartProviderLogInInput!) {
    startProviderLogIn(input: $input) {
      url
      attempt
    }
  }
`)

const CompleteProviderLogIn = graphql(`
  mutation CompleteProviderLogIn($input: CompleteProviderLogInInput!) {
    completeProviderLogIn(input: $input) {
      tokens {
        ...Tokens
      }
      challenge {
        token
        mustEnrol
      }
    }
  }
`)

/** Where this tab, and no other, keeps the attempt until the provider sends it back. */
const attemptKey = 'crm.provider-log-in'

interface Attempt {
  side: Side
  attempt: string
}

/** Leaves the page for that of a provider. */
export async function leaveFor(client: ApolloClient, provider: string, side: Side): Promise<void> {
  const audience = side === 'staff' ? 'USER' : 'CUSTOMER'
  const { data } = await client.mutate({
    mutation: StartProviderLogIn,
    variables: { input: { provider, audience } },
  })
  if (!data?.startProviderLogIn) return
  const { url, attempt } = data.startProviderLogIn
  sessionStorage.setItem(attemptKey, JSON.stringify({ side, attempt } satisfies Attempt))
  window.location.assign(url)
}

/** What a log-in at a provider has led to. */
export interface Arrival {
  side: Side
  result: CompleteProviderLogInMutation['completeProviderLogIn']
}

let arrival: Promise<Arrival | undefined> | undefined

/** Completes the log-in that this page was opened for, once: codes work once, and React may render twice. */
export const arrive = (client: ApolloClient, answer: URLSearchParams): Promise<Arrival | undefined> =>
  (arrival ??= complete(client, answer))

/** Is undefined if no log-in was begun in this tab, or the provider has refused it. */
async function complete(client: ApolloClient, answer: URLSearchParams): Promise<Arrival | undefined> {
  const kept = sessionStorage.getItem(attemptKey)
  const state = answer.get('state')
  const code = answer.get('code')
  sessionStorage.removeItem(attemptKey)
  if (!kept || !state || !code) return undefined
  const { side, attempt } = JSON.parse(kept) as Attempt
  const { data } = await client.mutate({
    mutation: CompleteProviderLogIn,
    variables: { input: { attempt, state, code, iss: answer.get('iss') } },
  })
  return { side, result: data?.completeProviderLogIn ?? null }
}
