import { CombinedGraphQLErrors } from '@apollo/client'
import { print } from 'graphql'
import { del, get, set } from 'idb-keyval'
import { graphql } from './generated'
import type { TokensFragment } from './generated/graphql'
import { problemOf } from './problem'
import { httpUrl } from './url'

/** The two kinds of accounts, which log in at different doors. */
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

/** An access token is exchanged when it ends within this time, so that it doesn't end on its way. */
const spareMilliseconds = 30_000

/**
 * Who is logged in on one side: keeps the tokens, also over a reload, and exchanges the access token before it ends.
 *
 * Tabs share a session. A refresh token works once, and the server takes a second use for a theft, so tabs take turns.
 * The tokens are in IndexedDB, since another tab may see a write to localStorage only after its turn has come. Any script
 * of the page can read them: keep strangers' scripts out of it.
 */
export class Session {
  readonly #key: string
  readonly #tabs: BroadcastChannel
  readonly #listeners = new Set<() => void>()
  #tokens: TokensFragment | undefined
  #renewing: Promise<string | undefined> | undefined
  /** Whether it was the server that ended the last session. */
  wasRefused = false

  /** Takes up the session that there is in this browser, if there is one. */
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

  /** Returns an access token that is good for a while; undefined if nobody is logged in. */
  async accessToken(): Promise<string | undefined> {
    if (this.#renewing) return this.#renewing
    if (!this.#tokens) return undefined
    const left = Date.parse(this.#tokens.accessTokenExpiresAt) - Date.now()
    return left > spareMilliseconds ? this.#tokens.accessToken : this.renew(this.#tokens.accessToken)
  }

  /** Exchanges an access token that is used up or was refused; undefined if the session has ended. */
  renew(accessToken: string): Promise<string | undefined> {
    this.#renewing ??= takeTurns(this.#key, () => this.#exchange(accessToken)).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #exchange(accessToken: string): Promise<string | undefined> {
    const tokens = await this.#read()
    if (tokens?.accessToken !== accessToken) return tokens?.accessToken // another tab was faster
    try {
      const next = await refresh(tokens.refreshToken)
      if (!this.isLoggedIn()) return undefined // logged out meanwhile
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

/** Runs the action while no other tab runs one of that name. Browsers have locks on https and on localhost only. */
function takeTurns<T>(name: string, action: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? navigator.locks.request(name, action) : action()
}

/** Not by the Apollo client: its requests wait for what this returns. */
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
