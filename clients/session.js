// The tokens of a log-in, as a front end would store them.

const refreshMutation = `mutation Refresh($input: RefreshInput!) {
  refresh(input: $input) { tokens { accessToken accessTokenExpiresAt refreshToken } }
}`;

// An access token that expires this soon may be expired when it arrives.
const marginMilliseconds = 10_000;

export class Session {
  #url;
  #tokens;
  #exchange;

  /** `tokens` are the tokens of a log-in. */
  constructor(url, tokens) {
    this.#url = url;
    this.#tokens = tokens;
  }

  /** Returns an access token that is valid for some seconds. */
  async accessToken() {
    const { accessToken, accessTokenExpiresAt } = this.#tokens;
    const expiresSoon = Date.parse(accessTokenExpiresAt) - Date.now() < marginMilliseconds;
    return expiresSoon ? this.refresh(accessToken) : accessToken;
  }

  /**
   * Returns a new access token instead of a refused one. A refresh token works once, and using it again later ends the session,
   * so concurrent calls wait for the same exchange.
   */
  async refresh(refused) {
    if (refused !== this.#tokens.accessToken) {
      return this.#tokens.accessToken;
    }
    this.#exchange ??= this.#refresh().finally(() => (this.#exchange = undefined));
    await this.#exchange;
    return this.#tokens.accessToken;
  }

  async #refresh() {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        query: refreshMutation,
        variables: { input: { refreshToken: this.#tokens.refreshToken } },
      }),
    });
    const { data, errors } = await response.json();
    if (!data?.refresh) {
      throw new Error(`log in again: ${errors[0].message}`);
    }
    this.#tokens = data.refresh.tokens;
  }
}
