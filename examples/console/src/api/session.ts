import { CombinedGraphQLErrors } from '@apollo/client'
import { print } from 'graphql'
import { del, get, set } from 'idb-keyval'
import { graphql } from './generated'
import type { TokensFragment } from './generated/graphql'
import { problemOf } from './problem'
import { httpUrl } from './url'

/** The two kinds of accounts, which have different log-in mutations. */
export type Side = 'staff' | 'customer'

graphql(`
  fragment Tokens on Tokens {
    accessToken
    accessTokenExpiresAt
    refreshToken
  }
`)

const Refresh = graphql(`
  mutation Refresh($input: RefreshInput!) {
    refresh(input: $input) {
      tokens {
        ...Tokens
      }
    }
  }
`)

/** An access token is refreshed when it expires within this time, so it doesn't expire in transit. */
const spareMilliseconds = 30_000

/**
 * The session of one side: stores the tokens, also across a reload, and refreshes the access token before it expires.
 *
 * Tabs share a session. A refresh token works once, and the server treats a late second use as theft, so tabs use a lock.
 * The tokens are in IndexedDB, because another tab may see a write to localStorage only after it has acquired the lock. Any
 * script of the page can read them: do not include third-party scripts.
 */
export class Session {
  readonly #key: string
  readonly #tabs: BroadcastChannel
  readonly #listeners = new Set<() => void>()
  #tokens: TokensFragment | undefined
  #renewing: Promise<string | undefined> | undefined
  /** Whether the server ended the last session. */
  wasRefused = false

  /** Restores the session that is stored in this browser, if any. */
  static async open(side: Side): Promise<Session> {
    const session = new Session(side)
    await session.#read()
    return session
  }

  private constructor(readonly side: Side) {
    this.#key = `crm.session.${side}`
    this.#tabs = new BroadcastChannel(this.#key)
    this.#tabs.onmessage = () => this.#read()
  }

  async begin(tokens: TokensFragment): Promise<void> {
    this.wasRefused = false
    await this.#keep(tokens)
  }

  async end(): Promise<void> {
    await this.#keep(undefined)
  }

  readonly isLoggedIn = (): boolean => this.#tokens !== undefined

  /** Calls the listener when somebody logs in or out, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Returns an access token that is valid for a while; undefined if nobody is logged in. */
  async accessToken(): Promise<string | undefined> {
    if (this.#renewing) return this.#renewing
    if (!this.#tokens) return undefined
    const left = Date.parse(this.#tokens.accessTokenExpiresAt) - Date.now()
    return left > spareMilliseconds ? this.#tokens.accessToken : this.renew(this.#tokens.accessToken)
  }

  /** Refreshes an access token that is expiring or was refused; undefined if the session has ended. */
  renew(accessToken: string): Promise<string | undefined> {
    this.#renewing ??= takeTurns(this.#key, () => this.#exchange(accessToken)).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #exchange(accessToken: string): Promise<string | undefined> {
    const tokens = await this.#read()
    if (tokens?.accessToken !== accessToken) return tokens?.accessToken // another tab has refreshed it
    try {
      const next = await refresh(tokens.refreshToken)
      if (!this.isLoggedIn()) return undefined // logged out in the meantime
      await this.begin(next)
      return next.accessToken
    } catch (error) {
      if (problemOf(error).code !== 'UNAUTHENTICATED') throw error
      this.wasRefused = true
      await this.end()
      return undefined
    }
  }

  async #read(): Promise<TokensFragment | undefined> {
    this.#know(await get<TokensFragment>(this.#key))
    return this.#tokens
  }

  async #keep(tokens: TokensFragment | undefined): Promise<void> {
    await (tokens ? set(this.#key, tokens) : del(this.#key))
    this.#know(tokens)
    this.#tabs.postMessage('changed')
  }

  #know(tokens: TokensFragment | undefined): void {
    this.#tokens = tokens
    for (const listener of this.#listeners) listener()
  }
}

/** Runs the action while no other tab runs one with this name. Browsers support locks only on https and localhost. */
function takeTurns<T>(name: string, action: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? navigator.locks.request(name, action) : action()
}

/** Does not use the Apollo client, whose requests wait for this result. */
async function refresh(refreshToken: string): Promise<TokensFragment> {
  const response = await fetch(httpUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: print(Refresh), variables: { input: { refreshToken } } }),
  })
  const { data, errors } = await response.json()
  if (!data?.refresh) throw new CombinedGraphQLErrors({ errors })
  return data.refresh.tokens
}
